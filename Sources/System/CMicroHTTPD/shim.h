#pragma once

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

typedef void *(*fleet_http_target)(void *context, const char *target, struct MHD_Connection *connection);

struct fleet_http_options {
    const char *host; /* an IPv4 or IPv6 address */
    uint16_t port;    /* 0 takes a free one */
    unsigned int threads;
    unsigned int connections;
    unsigned int idle_seconds;
    size_t memory; /* per connection: the head of a request and that of its answer have to fit into it */
    fleet_http_target on_target;
    MHD_AcceptPolicyCallback on_accept; /* MHD_NO closes a connection before it is one */
    MHD_LogCallback on_message;
    MHD_AccessHandlerCallback on_request;
    MHD_RequestCompletedCallback on_completed;
    MHD_NotifyConnectionCallback on_connection;
    void *context;
};

/* MHD_start_daemon is variadic, which Swift can't call. NULL on failure, with errno set. */
static inline struct MHD_Daemon *fleet_http_start(const struct fleet_http_options *options) {
    struct sockaddr_storage address;
    unsigned int flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
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
    return MHD_start_daemon(flags, options->port, options->on_accept, options->context, options->on_request,
                            options->context,
                            MHD_OPTION_EXTERNAL_LOGGER, options->on_message, options->context,
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

/* Stops listening: the socket's number gets a descriptor on which nothing ever happens, which the library closes in its place.
 *
 * MHD_quiesce_daemon would take the socket out of each thread's epoll set while the threads may be doing the same, and the
 * library ends the process when it is not in there any more. A socket that is closed leaves those sets by itself. */
static inline void fleet_http_stop_listening(struct MHD_Daemon *daemon) {
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_LISTEN_FD);
    if (info == NULL || info->listen_fd < 0) return;
    int silent = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (silent < 0) return;
    dup2(silent, info->listen_fd);
    close(silent);
}

static inline int fleet_http_descriptor(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info ? info->connect_fd : -1;
}

static inline void *fleet_http_context(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

/* The status that the library is about to answer with by itself, from the message that it logs before; otherwise 0. */
static inline unsigned int fleet_http_own_answer(const char *format, va_list arguments) {
    static const char beginning[] = "Error processing request (HTTP response code is %u";
    if (strncmp(format, beginning, sizeof beginning - 1) != 0) return 0;
    return va_arg(arguments, unsigned int);
}

/* Whether a message of the library says that the system has no descriptor or memory left for a connection. */
static inline int fleet_http_is_shortage(const char *format) {
    return strncmp(format, "Hit process or system resource limit", 36) == 0;
}

/* Whether all header fields of the current request have arrived. Only on the connection's own thread. */
static inline int fleet_http_has_head(struct MHD_Connection *connection) {
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE) != NULL;
}

/* The head of a request as it lies in the library's memory. */
struct fleet_http_head {
    size_t size;     /* of the request line and the fields, with the line ends and the blank line */
    size_t memory;   /* what the library needs for it: the head itself and what was made of it */
    int is_readable; /* whether the library has read it as it was sent */
    int is_old;      /* HTTP/1.0 */
};

struct fleet_http_scan {
    const char *at; /* where the next field has to begin; NULL when something else was found */
    size_t cookie;
};

/* For each field, in order: it has to begin where the one before ends, as a name, a colon, a value and CR LF. */
static inline enum MHD_Result fleet_http_scan_field(void *context, enum MHD_ValueKind kind, const char *name,
                                                    size_t name_size, const char *value, size_t value_size) {
    struct fleet_http_scan *scan = context;
    const char *end = value + value_size;
    (void)kind;
    /* The value of a field that goes on in a further line lies elsewhere. */
    if (name != scan->at || name_size == 0 || value <= name + name_size) goto broken;
    for (const char *blank = name + name_size + 1; blank < value; blank++) {
        if (*blank != ' ' && *blank != '\t') goto broken;
    }
    for (const char *byte = value; byte < end; byte++) {
        if (((unsigned char)*byte < 0x20 && *byte != '\t') || *byte == 0x7f) goto broken;
    }
    /* The library has made NUL of CR and LF; a NUL that was sent is one more. */
    if (end[0] != 0 || end[1] != 0) goto broken;
    if (name_size == 6 && strncasecmp(name, "Cookie", 6) == 0) scan->cookie += value_size + 1;
    scan->at = end + 2;
    return MHD_YES;
broken:
    scan->at = NULL;
    return MHD_NO;
}

/* Whether the library has read the head as it was sent. It joins lines, cuts names and values at NUL, and takes a field
   without a name for the end of the head, and says nothing of it: but then its fields don't lie one behind the other.

   To be asked in the first call of the access handler for a request, with what that is given; target_length is that of
   the request target before the library has decoded it. */
static inline struct fleet_http_head fleet_http_read_head(struct MHD_Connection *connection, const char *method,
                                                          const char *url, size_t target_length,
                                                          const char *version) {
    /* What the library keeps for each field, parameter and cookie, rounded up. */
    enum { entry_size = 64 };
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    struct fleet_http_head head = {0, 0, 0, strcmp(version, "HTTP/1.0") == 0};
    struct fleet_http_scan scan = {version + 10, 0};
    const char *byte = method;
    int kinds = MHD_HEADER_KIND | MHD_COOKIE_KIND | MHD_GET_ARGUMENT_KIND;
    int entries;
    if (info == NULL) return head;
    head.size = info->header_size;
    while ((unsigned char)*byte > 0x20 && (unsigned char)*byte < 0x7f) byte++;
    if (*byte == 0 && byte > method && byte + 1 == url && url + target_length + 1 == version && version[8] == 0
        && version[9] == 0) {
        MHD_get_connection_values_n(connection, MHD_HEADER_KIND, fleet_http_scan_field, &scan);
        head.is_readable = scan.at != NULL && scan.at + 2 == method + head.size && scan.at[0] == 0 && scan.at[1] == 0;
    }
    entries = MHD_get_connection_values_n(connection, (enum MHD_ValueKind)kinds, NULL, NULL);
    head.memory = head.size + scan.cookie + (entries > 0 ? (size_t)entries * entry_size : 0);
    return head;
}

/* Whether a message of the library says that it has no room for the head of an answer, and closes the connection. */
static inline int fleet_http_drops_answer(const char *format, va_list arguments) {
    static const char beginning[] = "Closing connection (failed to create response header)";
    const char *text;
    if (strcmp(format, "%s\n") != 0) return 0;
    text = va_arg(arguments, const char *);
    return text != NULL && strncmp(text, beginning, sizeof beginning - 1) == 0;
}

/* The 16 bytes of an IPv6 address; an IPv4 address as ::ffff:a.b.c.d. 0 for an address of another kind. */
static inline int fleet_http_address(const struct sockaddr *address, uint8_t bytes[16]) {
    memset(bytes, 0, 16);
    if (address->sa_family == AF_INET6) {
        memcpy(bytes, &((const struct sockaddr_in6 *)address)->sin6_addr, 16);
        return 1;
    }
    if (address->sa_family != AF_INET) return 0;
    bytes[10] = bytes[11] = 0xff;
    memcpy(bytes + 12, &((const struct sockaddr_in *)address)->sin_addr, 4);
    return 1;
}

static inline int fleet_http_client(struct MHD_Connection *connection, uint8_t bytes[16]) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    return info && info->client_addr ? fleet_http_address(info->client_addr, bytes) : 0;
}

/* The time now as the field Date has it. */
static inline void fleet_http_date(char text[32]) {
    time_t now = time(NULL);
    struct tm parts;
    text[0] = 0;
    if (gmtime_r(&now, &parts)) strftime(text, 32, "%a, %d %b %Y %H:%M:%S GMT", &parts);
}
