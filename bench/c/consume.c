// Takes messages off a queue with rabbitmq-c, parses nothing, and acknowledges several at a time.
//
// consume --url URL --queue NAME --count N --prefetch P --ack-every A

#include "bench.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    const char *url = option(argc, argv, "url", "amqp://guest:guest@127.0.0.1:5672/");
    const char *queue = option(argc, argv, "queue", "bench.consume");
    uint64_t count = option_number(argc, argv, "count", 100000);
    uint64_t prefetch = option_number(argc, argv, "prefetch", 1000);
    uint64_t ack_every = option_number(argc, argv, "ack-every", prefetch / 2);

    amqp_connection_state_t connection = broker_open(url);
    amqp_basic_qos(connection, CHANNEL, 0, (uint16_t)prefetch, 0);
    broker_check(connection, "set the prefetch");
    amqp_basic_consume(connection, CHANNEL, amqp_cstring_bytes(queue), amqp_empty_bytes, 0, 0, 0, amqp_empty_table);
    broker_check(connection, "consume");

    struct span begin = {0};
    uint64_t sum = 0;
    for (uint64_t taken = 1; taken <= count; taken++) {
        struct timeval timeout = {.tv_sec = 30};
        amqp_envelope_t envelope;
        amqp_maybe_release_buffers(connection);
        amqp_rpc_reply_t reply = amqp_consume_message(connection, &envelope, &timeout, 0);
        if (reply.reply_type != AMQP_RESPONSE_NORMAL) die("no message after %llu", (unsigned long long)taken - 1);
        if (taken == 1) begin = span_now();
        amqp_bytes_t id = envelope.message.properties.message_id;
        sum += sample_sequence(id.bytes, id.len);
        if (taken % ack_every == 0 || taken == count)
            broker_status(amqp_basic_ack(connection, CHANNEL, envelope.delivery_tag, 1), "acknowledge");
        amqp_destroy_envelope(&envelope);
    }
    struct span end = span_now();
    broker_close(connection);
    report(count, sum, begin, end);
    return 0;
}
