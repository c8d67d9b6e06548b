// Publishes persistent, mandatory messages with rabbitmq-c, with a bounded number of unconfirmed ones.
//
// publish --url URL --exchange NAME --key KEY --count N --window W

#include "bench.h"

#include <stdlib.h>
#include <string.h>

struct window {
    uint64_t unconfirmed;
    // No tag below this one is unconfirmed.
    uint64_t lowest;
};

// Confirms of one connection come in the order of their tags but for gaps, which `multiple` closes; every tag is
// counted once: a multiple confirm counts those that no earlier confirm has counted.
static void confirm(struct window *window, unsigned char *confirmed, uint64_t tag, int multiple) {
    if (!multiple) {
        if (!confirmed[tag]) window->unconfirmed--;
        confirmed[tag] = 1;
        return;
    }
    for (; window->lowest <= tag; window->lowest++) {
        if (!confirmed[window->lowest]) window->unconfirmed--;
        confirmed[window->lowest] = 1;
    }
}

static void read_confirm(amqp_connection_state_t connection, struct window *window, unsigned char *confirmed) {
    amqp_frame_t frame;
    broker_status(amqp_simple_wait_frame(connection, &frame), "wait for confirms");
    if (frame.frame_type != AMQP_FRAME_METHOD) return;
    switch (frame.payload.method.id) {
    case AMQP_BASIC_ACK_METHOD: {
        amqp_basic_ack_t *ack = frame.payload.method.decoded;
        confirm(window, confirmed, ack->delivery_tag, ack->multiple);
        break;
    }
    case AMQP_BASIC_NACK_METHOD: die("the broker refused a message");
    case AMQP_BASIC_RETURN_METHOD: die("a message was returned: no queue is bound");
    case AMQP_CHANNEL_CLOSE_METHOD: die("the broker closed the channel");
    case AMQP_CONNECTION_CLOSE_METHOD: die("the broker closed the connection");
    }
}

int main(int argc, char **argv) {
    const char *url = option(argc, argv, "url", "amqp://guest:guest@127.0.0.1:5672/");
    amqp_bytes_t exchange = amqp_cstring_bytes(option(argc, argv, "exchange", ""));
    amqp_bytes_t key = amqp_cstring_bytes(option(argc, argv, "key", "bench.publish"));
    uint64_t count = option_number(argc, argv, "count", 100000);
    uint64_t limit = option_number(argc, argv, "window", 1000);

    amqp_connection_state_t connection = broker_open(url);
    amqp_confirm_select(connection, CHANNEL);
    broker_check(connection, "ask for confirms");

    unsigned char *confirmed = calloc(count + 1, 1);
    struct window window = {.lowest = 1};
    uint64_t sum = 0;
    struct span begin = span_now();
    for (uint64_t sequence = 0; sequence < count; sequence++) {
        struct sample sample;
        sample_write(&sample, sequence);
        amqp_basic_properties_t properties = {
            ._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_CORRELATION_ID_FLAG
                | AMQP_BASIC_MESSAGE_ID_FLAG | AMQP_BASIC_APP_ID_FLAG,
            .content_type = amqp_cstring_bytes("application/json"),
            .delivery_mode = AMQP_DELIVERY_PERSISTENT,
            .correlation_id = {.len = ID_LENGTH, .bytes = sample.id},
            .message_id = {.len = ID_LENGTH, .bytes = sample.id},
            .app_id = amqp_cstring_bytes("search-service"),
        };
        amqp_bytes_t body = {.len = sample.body_length, .bytes = sample.body};
        broker_status(
            amqp_basic_publish(connection, CHANNEL, exchange, key, 1, 0, &properties, body), "publish"
        );
        sum += sequence;
        window.unconfirmed++;
        // Reads when the window is full, and then all that has already arrived.
        while (window.unconfirmed >= limit) {
            amqp_maybe_release_buffers(connection);
            do read_confirm(connection, &window, confirmed);
            while (amqp_frames_enqueued(connection) || amqp_data_in_buffer(connection));
        }
    }
    while (window.unconfirmed > 0) {
        amqp_maybe_release_buffers(connection);
        read_confirm(connection, &window, confirmed);
    }
    struct span end = span_now();
    broker_close(connection);
    free(confirmed);
    report(count, sum, begin, end);
    return 0;
}
