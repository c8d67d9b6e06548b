#include "bench.h"

#include <amqp_tcp_socket.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define HEARTBEAT_SECONDS 10

void sample_write(struct sample *sample, uint64_t sequence) {
    snprintf(sample->id, sizeof sample->id, "f1071a00-2026-4b5e-8000-%012" PRIx64, sequence);
    int length = snprintf(
        sample->body, sizeof sample->body,
        "{\"viewId\":\"%s\",\"profileId\":\"profile-%08" PRIu64 "\",\"companyId\":\"company-%04" PRIu64
        "\",\"recruiterId\":\"recruiter-%06" PRIu64
        "\",\"anonymized\":false,\"source\":\"search-service\",\"occurredAt\":\"2026-11-03T10:%02" PRIu64 ":%02" PRIu64
        ".%03" PRIu64 "Z\"}",
        sample->id, sequence * 7919 % 100000000, sequence % 250, sequence * 31 % 1000000, sequence / 60000 % 60,
        sequence / 1000 % 60, sequence % 1000
    );
    if (length < 0 || (size_t)length >= sizeof sample->body) die("the sample message is too long");
    sample->body_length = (size_t)length;
}

uint64_t sample_sequence(const char *id, size_t length) {
    if (length != ID_LENGTH) die("a message id of %zu bytes is not ours", length);
    uint64_t value = 0;
    for (size_t index = ID_LENGTH - 12; index < ID_LENGTH; index++) {
        char digit = id[index];
        value = value << 4 | (uint64_t)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
    }
    return value;
}

struct span span_now(void) {
    struct timespec now;
    struct rusage usage;
    clock_gettime(CLOCK_MONOTONIC, &now);
    getrusage(RUSAGE_SELF, &usage);
    return (struct span){
        .wall = (double)now.tv_sec + (double)now.tv_nsec / 1e9,
        .cpu = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
            + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6,
    };
}

// The peak of this program alone: getrusage would count the program that started it.
static double peak_memory_mb(void) {
    FILE *status = fopen("/proc/self/status", "r");
    char line[256];
    unsigned long kilobytes = 0;
    while (status && fgets(line, sizeof line, status))
        if (sscanf(line, "VmHWM: %lu", &kilobytes) == 1) break;
    if (status) fclose(status);
    return (double)kilobytes / 1024;
}

void report(uint64_t count, uint64_t sum, struct span begin, struct span end) {
    printf(
        "{\"count\":%" PRIu64 ",\"sum\":%" PRIu64 ",\"seconds\":%.6f,\"cpu_seconds\":%.6f,\"memory_mb\":%.1f}\n", count, sum,
        end.wall - begin.wall, end.cpu - begin.cpu, peak_memory_mb()
    );
}

void die(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(1);
}

void broker_status(int status, const char *operation) {
    if (status != AMQP_STATUS_OK) die("%s: %s", operation, amqp_error_string2(status));
}

static void check(amqp_rpc_reply_t reply, const char *operation) {
    if (reply.reply_type == AMQP_RESPONSE_NORMAL) return;
    if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION) broker_status(reply.library_error, operation);
    die("%s: refused by the broker", operation);
}

void broker_check(amqp_connection_state_t connection, const char *operation) {
    check(amqp_get_rpc_reply(connection), operation);
}

amqp_connection_state_t broker_open(const char *url) {
    char *copy = strdup(url);
    struct amqp_connection_info info;
    broker_status(amqp_parse_url(copy, &info), "read the broker's URL");
    amqp_connection_state_t connection = amqp_new_connection();
    amqp_socket_t *socket = amqp_tcp_socket_new(connection);
    if (!socket) die("no memory for a socket");
    broker_status(amqp_socket_open(socket, info.host, info.port), "connect");
    amqp_rpc_reply_t reply = amqp_login(
        connection, *info.vhost ? info.vhost : "/", 0, AMQP_DEFAULT_FRAME_SIZE, HEARTBEAT_SECONDS, AMQP_SASL_METHOD_PLAIN, info.user,
        info.password
    );
    check(reply, "log in");
    amqp_channel_open(connection, CHANNEL);
    broker_check(connection, "open a channel");
    free(copy);
    return connection;
}

void broker_close(amqp_connection_state_t connection) {
    amqp_channel_close(connection, CHANNEL, AMQP_REPLY_SUCCESS);
    amqp_connection_close(connection, AMQP_REPLY_SUCCESS);
    amqp_destroy_connection(connection);
}

const char *option(int count, char **arguments, const char *name, const char *otherwise) {
    for (int index = 1; index + 1 < count; index += 2)
        if (strncmp(arguments[index], "--", 2) == 0 && strcmp(arguments[index] + 2, name) == 0) return arguments[index + 1];
    return otherwise;
}

uint64_t option_number(int count, char **arguments, const char *name, uint64_t otherwise) {
    const char *text = option(count, arguments, name, NULL);
    return text ? strtoull(text, NULL, 10) : otherwise;
}
