// Inserts audit rows over one libpq connection: a prepared statement, binary arrays, one transaction for each batch.
//
// audit_insert --database CONNINFO --count N --batch B

#include "bench.h"

#include <arpa/inet.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

enum { OID_BYTEA = 17, OID_INT8 = 20, OID_TEXT = 25, OID_BYTEA_ARRAY = 1001, OID_TEXT_ARRAY = 1009, OID_INT8_ARRAY = 1016 };

static const char insert[] =
    "INSERT INTO audit_logs (lane, hash_version, sequence, recorded_at, occurred_at, event, actor, subject, service,"
    " correlation_id, message_id, exchange, routing_key, trace_parent, previous_hash, hash, body)"
    " SELECT 1, 1, sequence, now(), to_timestamp(occurred / 1e6), 'profile.viewed', actor, subject, 'search-service',"
    " message_id, message_id, 'bench.topic', 'profile.viewed', NULL, previous_hash, hash, body"
    " FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::bytea[], $7::bytea[], $8::text[])"
    " AS row (sequence, occurred, actor, subject, message_id, previous_hash, hash, body)";

enum { COLUMNS = 8 };
static const Oid arrays[COLUMNS] = {
    OID_INT8_ARRAY, OID_INT8_ARRAY, OID_TEXT_ARRAY, OID_TEXT_ARRAY, OID_TEXT_ARRAY, OID_BYTEA_ARRAY, OID_BYTEA_ARRAY, OID_TEXT_ARRAY,
};
static const Oid elements[COLUMNS] = {
    OID_INT8, OID_INT8, OID_TEXT, OID_TEXT, OID_TEXT, OID_BYTEA, OID_BYTEA, OID_TEXT,
};

// A one-dimensional array in Postgres's binary format, in a buffer that is used again for each batch.
struct array {
    char *bytes;
    size_t length, capacity;
};

static void append(struct array *array, const void *bytes, size_t length) {
    if (array->length + length > array->capacity) {
        array->capacity = (array->length + length) * 2;
        array->bytes = realloc(array->bytes, array->capacity);
        if (!array->bytes) die("no memory");
    }
    memcpy(array->bytes + array->length, bytes, length);
    array->length += length;
}

static void begin_array(struct array *array, Oid element, uint32_t count) {
    uint32_t header[] = {htonl(1), htonl(0), htonl(element), htonl(count), htonl(1)};
    array->length = 0;
    append(array, header, sizeof header);
}

static void append_element(struct array *array, const void *bytes, size_t length) {
    uint32_t size = htonl((uint32_t)length);
    append(array, &size, sizeof size);
    append(array, bytes, length);
}

static void append_number(struct array *array, uint64_t number) {
    uint32_t words[] = {htonl((uint32_t)(number >> 32)), htonl((uint32_t)number)};
    append_element(array, words, sizeof words);
}

// Fills the arrays with rows as the audit worker writes them; the hashes are filler of the right size.
static void fill(struct array columns[COLUMNS], uint64_t first, uint64_t count) {
    struct timeval now;
    gettimeofday(&now, NULL);
    uint64_t occurred = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_usec;
    for (int column = 0; column < COLUMNS; column++) begin_array(&columns[column], elements[column], (uint32_t)count);
    for (uint64_t sequence = first; sequence < first + count; sequence++) {
        struct sample sample;
        char actor[32], subject[32];
        uint64_t hash[4], previous[4];
        sample_write(&sample, sequence);
        int actor_length = snprintf(actor, sizeof actor, "recruiter-%06llu", (unsigned long long)(sequence * 31 % 1000000));
        int subject_length = snprintf(subject, sizeof subject, "profile-%08llu", (unsigned long long)(sequence * 7919 % 100000000));
        for (uint64_t word = 0; word < 4; word++) {
            hash[word] = (sequence + 1) * 0x9e3779b97f4a7c15u ^ word << 17;
            previous[word] = sequence * 0x9e3779b97f4a7c15u ^ word << 17;
        }
        append_number(&columns[0], sequence + 1);
        append_number(&columns[1], occurred);
        append_element(&columns[2], actor, (size_t)actor_length);
        append_element(&columns[3], subject, (size_t)subject_length);
        append_element(&columns[4], sample.id, ID_LENGTH);
        append_element(&columns[5], previous, sizeof previous);
        append_element(&columns[6], hash, sizeof hash);
        append_element(&columns[7], sample.body, sample.body_length);
    }
}

static void expect(PGconn *connection, PGresult *result, const char *operation) {
    if (PQresultStatus(result) != PGRES_COMMAND_OK) die("%s: %s", operation, PQerrorMessage(connection));
    PQclear(result);
}

int main(int argc, char **argv) {
    const char *database = option(argc, argv, "database", "");
    uint64_t count = option_number(argc, argv, "count", 100000);
    uint64_t batch = option_number(argc, argv, "batch", 500);

    PGconn *connection = PQconnectdb(database);
    if (PQstatus(connection) != CONNECTION_OK) die("connect: %s", PQerrorMessage(connection));
    expect(connection, PQprepare(connection, "insert", insert, COLUMNS, arrays), "prepare");

    struct array columns[COLUMNS] = {0};
    const char *values[COLUMNS];
    int lengths[COLUMNS], formats[COLUMNS];
    uint64_t sum = 0;
    struct span begin = span_now();
    for (uint64_t first = 0; first < count; first += batch) {
        uint64_t rows = count - first < batch ? count - first : batch;
        fill(columns, first, rows);
        for (int column = 0; column < COLUMNS; column++) {
            values[column] = columns[column].bytes;
            lengths[column] = (int)columns[column].length;
            formats[column] = 1;
        }
        // A single statement is a transaction of its own: one round trip for each batch.
        expect(connection, PQexecPrepared(connection, "insert", COLUMNS, values, lengths, formats, 1), "insert");
        for (uint64_t sequence = first; sequence < first + rows; sequence++) sum += sequence;
    }
    struct span end = span_now();
    PQfinish(connection);
    for (int column = 0; column < COLUMNS; column++) free(columns[column].bytes);
    report(count, sum, begin, end);
    return 0;
}
