// What the C baselines have in common: the sample message, the clock, and the line of JSON that each prints.

#ifndef FLOTILLA_BENCH_H
#define FLOTILLA_BENCH_H

#include <amqp.h>
#include <stddef.h>
#include <stdint.h>

// The sequence number of a message is the last twelve hexadecimal digits of its id.
#define ID_LENGTH 36
#define BODY_CAPACITY 320
#define CHANNEL 1

struct sample {
    char id[ID_LENGTH + 1];
    char body[BODY_CAPACITY];
    size_t body_length;
};

// Writes the message with this sequence number: the same bytes as python/sample.py.
void sample_write(struct sample *sample, uint64_t sequence);

// Reads the sequence number at the end of an id; ends the program when there is none.
uint64_t sample_sequence(const char *id, size_t length);

struct span {
    double wall, cpu;
};

struct span span_now(void);

// Prints the result of a run: {"count","sum","seconds","cpu_seconds","memory_mb"}.
void report(uint64_t count, uint64_t sum, struct span begin, struct span end);

_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

// Opens a connection with one channel, heartbeats every 10 s, as the fleet does. Takes `amqp:` URLs only.
amqp_connection_state_t broker_open(const char *url);
void broker_check(amqp_connection_state_t connection, const char *operation);
void broker_status(int status, const char *operation);
void broker_close(amqp_connection_state_t connection);

// The value of `--name` among the arguments, or the default.
const char *option(int count, char **arguments, const char *name, const char *otherwise);
uint64_t option_number(int count, char **arguments, const char *name, uint64_t otherwise);

#endif
