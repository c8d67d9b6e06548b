#pragma once

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <string.h>

typedef void *(*fleet_http_target)(void *context, const char *target, struct MHD_Connection *connection);

struct fleet_http_options {
    const char *host; /* an IPv4 or IPv6 address */
    uint16_t port;    /* 0 takes a free one */
    unsigned int threads;
    unsigned int connections;
    unsigned int idle_seconds;
    size_t memory; /* per connection: request line and headers have to fit into it */
    fleet_http_target on_target;
    MHD_AccessHandlerCallback on_request;
    MHD_RequestCompletedCallback on_completed;
    MHD_NotifyConnectionCallback on_connection;
    void *context;
};

/* MHD_start_daemon is variadic, which Swift can't call. NULL on failure, with errno set. */
static inline struct MHD_Daemon *fleet_http_start(const struct fleet_http_options *options) {
    struct sockaddr_storage address;
    unsigned int flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME;
    memset(&address, 0, sizeof address);
    if (strchr(options->host, ':') != NULL) {
        struct sockaddr_in6 *ipv6 = (struct sockaddr_in6 *)&address;
        ipv6->sin6_family = AF_INET6;
        ipv6->sin6_port = htons(options->port);
        if (inet_pton(AF_INET6, options->host, &ipv6->sin6_addr) != 1) return NULL;
        flags |= MHD_USE_DUAL_STACK;
    } else {
        struct sockaddr_in *ipv4 = (struct sockaddr_in *)&address;
        ipv4->sin_family = AF_INET;
        ipv4->sin_port = htons(options->port);
        if (inet_pton(AF_INET, options->host, &ipv4->sin_addr) != 1) return NULL;
    }
    /* A pool of one thread is refused; without the option there is one. */
    struct MHD_OptionItem pool[] = {{options->threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END,
                                     (intptr_t)options->threads, NULL},
                                    {MHD_OPTION_END, 0, NULL}};
    return MHD_start_daemon(flags, options->port, NULL, NULL, options->on_request, options->context,
                            MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address,
                            MHD_OPTION_CONNECTION_LIMIT, options->connections,
                            MHD_OPTION_CONNECTION_TIMEOUT, options->idle_seconds,
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, options->memory,
                            MHD_OPTION_LISTEN_BACKLOG_SIZE, (unsigned int)1024,
                            MHD_OPTION_STRICT_FOR_CLIENT, (int)1,
                            MHD_OPTION_URI_LOG_CALLBACK, options->on_target, options->context,
                            MHD_OPTION_NOTIFY_COMPLETED, options->on_completed, options->context,
                            MHD_OPTION_NOTIFY_CONNECTION, options->on_connection, options->context,
                            MHD_OPTION_ARRAY, pool, MHD_OPTION_END);
}

/* MHD_get_daemon_info and MHD_get_connection_info are variadic too. */
static inline uint16_t fleet_http_port(struct MHD_Daemon *daemon) {
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT);
    return info ? info->port : 0;
}

static inline int fleet_http_descriptor(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info ? info->connect_fd : -1;
}

static inline void *fleet_http_context(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}
