// A mail server that takes mails, checks them and keeps nothing: STARTTLS, AUTH PLAIN, a thread for each session.
//
//   mail_sink --certificate FILE --key FILE --user NAME --password WORD [--keep FOLDER --every N]
//
// Prints its port, ends when its standard input does, and prints one line of JSON then. Each mail is for
// `guest-NNNNNN@…` and has to hold `bench-NNNNNN@` (its Message-ID), lines that end with CRLF and have 998 bytes at
// most, and the closing delimiter of a multipart as its last line. What is not so, or not SMTP in its order, is
// answered with an error and counted as a fault. Every N-th mail is written to FOLDER/NNNNNN.eml as it is read by its
// reader, with the dots at the starts of lines unstuffed.

#define _GNU_SOURCE
#include "bench.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MOST_MAILS 1000000
#define MOST_CONTENT (1 << 20)
#define COMMAND_LENGTH 512
#define TEXT_LINE 998
#define IDLE_SECONDS 60

static SSL_CTX *tls;
static const char *user, *password, *keep;
static uint64_t every;

// Everything that the report tells; guarded by the mutex but for the commands.
static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static unsigned char seen[MOST_MAILS];
static uint64_t mails, distinct, sum, bytes, smallest = UINT64_MAX, largest, sessions, handshakes, logins, faults;
static char first_fault[256];
static atomic_uint_fast64_t commands;

struct session {
    int socket;
    SSL *ssl;
    char *input;
    size_t begin, end;
    char *content;
    bool is_greeted, is_known, has_sender;
    int64_t recipient;
};

static void fault(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    pthread_mutex_lock(&guard);
    if (!faults++) vsnprintf(first_fault, sizeof first_fault, format, arguments);
    pthread_mutex_unlock(&guard);
    va_end(arguments);
}

static void count(uint64_t *number) {
    pthread_mutex_lock(&guard);
    ++*number;
    pthread_mutex_unlock(&guard);
}

static bool say(struct session *session, const char *text) {
    size_t length = strlen(text);
    if (session->ssl) return SSL_write(session->ssl, text, (int)length) == (int)length;
    return send(session->socket, text, length, MSG_NOSIGNAL) == (ssize_t)length;
}

// Reads more behind what is there; false at the end of the session.
static bool more(struct session *session) {
    if (session->begin == session->end) session->begin = session->end = 0;
    if (session->end == MOST_CONTENT) {
        memmove(session->input, session->input + session->begin, session->end - session->begin);
        session->end -= session->begin;
        session->begin = 0;
        if (session->end == MOST_CONTENT) return false;
    }
    char *space = session->input + session->end;
    int room = (int)(MOST_CONTENT - session->end);
    int length = session->ssl ? SSL_read(session->ssl, space, room) : (int)recv(session->socket, space, (size_t)room, 0);
    if (length <= 0) return false;
    session->end += (size_t)length;
    return true;
}

// The next line without its CRLF, in the input; NULL at the end of the session or after the timeout.
static char *line(struct session *session, size_t longest, size_t *length) {
    size_t searched = 0;
    for (;;) {
        char *start = session->input + session->begin;
        size_t there = session->end - session->begin;
        char *newline = there > searched ? memchr(start + searched, '\n', there - searched) : NULL;
        if (newline) {
            *length = (size_t)(newline - start);
            session->begin += *length + 1;
            if (*length == 0 || newline[-1] != '\r' || memchr(start, '\r', *length - 1)) {
                fault("a line that is not ended by CRLF");
                return NULL;
            }
            if (--*length > longest) {
                fault("a line of %zu bytes", *length);
                return NULL;
            }
            return start;
        }
        searched = there;
        if (!more(session)) return NULL;
    }
}

// The number in `guest-NNNNNN@`; -1 without one.
static int64_t number_of(const char *text) {
    const char *start = strstr(text, "guest-");
    char *end;
    if (!start) return -1;
    long long number = strtoll(start + 6, &end, 10);
    return *end == '@' && end == start + 12 && number >= 0 && number < MOST_MAILS ? number : -1;
}

static bool is_login(const char *text) {
    char wanted[256], given[400];
    int length = snprintf(wanted, sizeof wanted, "%c%s%c%s", 0, user, 0, password);
    EVP_EncodeBlock((unsigned char *)given, (const unsigned char *)wanted, length);
    return strcmp(text, given) == 0;
}

// Name and password come with the command, or when asked for.
static bool takes_login(struct session *session, const char *rest) {
    if (*rest == ' ') return is_login(rest + 1);
    size_t length;
    char *text = *rest == 0 && say(session, "334 \r\n") ? line(session, COMMAND_LENGTH, &length) : NULL;
    if (!text) return false;
    text[length] = 0;
    return is_login(text);
}

static void keep_mail(int64_t number, const char *content, size_t length) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%06" PRId64 ".eml", keep, number);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(content, 1, length, file) != length || fclose(file)) die("%s can't be written", path);
}

static const char *take_mail(struct session *session, size_t length) {
    char id[32];
    int64_t number = session->recipient;
    snprintf(id, sizeof id, "bench-%06" PRId64 "@", number);
    if (!memmem(session->content, length, id, strlen(id))) {
        fault("mail %" PRId64 " does not hold %s", number, id);
        return "554 another mail was expected\r\n";
    }
    if (length < 4 || memcmp(session->content + length - 4, "--\r\n", 4) != 0) {
        fault("mail %" PRId64 " does not end with a closing delimiter", number);
        return "554 cut off\r\n";
    }
    if (keep && (uint64_t)number % every == 0) keep_mail(number, session->content, length);
    pthread_mutex_lock(&guard);
    mails++;
    distinct += !seen[number];
    seen[number] = 1;
    sum += (uint64_t)number;
    bytes += length;
    if (length < smallest) smallest = length;
    if (length > largest) largest = length;
    pthread_mutex_unlock(&guard);
    return "250 2.0.0 Ok: queued\r\n";
}

// Reads the content up to the line that is a dot.
static bool receive(struct session *session) {
    size_t total = 0, length;
    for (;;) {
        char *text = line(session, TEXT_LINE + 1, &length);
        if (!text) return false;
        if (length && *text == '.') {
            if (length == 1) break;
            text++;
            length--;
        }
        if (total + length + 2 > MOST_CONTENT) return false;
        memcpy(session->content + total, text, length);
        memcpy(session->content + total + length, "\r\n", 2);
        total += length + 2;
    }
    const char *answer = take_mail(session, total);
    session->has_sender = false;
    session->recipient = -1;
    return say(session, answer);
}

static bool begin_tls(struct session *session) {
    if (!say(session, "220 2.0.0 Ready\r\n")) return false;
    // Nothing that was said before may count after.
    if (session->begin != session->end) {
        fault("a command was sent behind STARTTLS");
        return false;
    }
    session->ssl = SSL_new(tls);
    SSL_set_fd(session->ssl, session->socket);
    if (SSL_accept(session->ssl) != 1) {
        fault("the TLS handshake failed");
        return false;
    }
    session->is_greeted = false;
    count(&handshakes);
    return true;
}

static bool is(const char *text, const char *command) { return strncasecmp(text, command, strlen(command)) == 0; }

static bool refuse(struct session *session, const char *command, const char *answer) {
    fault("%.60s was answered with %.60s", command, answer);
    return say(session, answer);
}

// Carries one command out; false ends the session.
static bool obey(struct session *session, const char *command) {
    if (is(command, "EHLO ")) {
        session->is_greeted = true;
        session->has_sender = false;
        session->recipient = -1;
        return say(
            session, session->ssl ? "250-sink\r\n250-SIZE 1048576\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n250 AUTH PLAIN\r\n"
                                  : "250-sink\r\n250-SIZE 1048576\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n250 STARTTLS\r\n"
        );
    }
    if (is(command, "QUIT")) {
        say(session, "221 2.0.0 Bye\r\n");
        return false;
    }
    if (!session->is_greeted) return refuse(session, command, "503 5.5.1 EHLO first\r\n");
    if (is(command, "STARTTLS")) return !session->ssl && begin_tls(session);
    if (!session->ssl) return refuse(session, command, "530 5.7.0 STARTTLS first\r\n");
    if (is(command, "AUTH PLAIN")) {
        if (session->is_known || !takes_login(session, command + strlen("AUTH PLAIN")))
            return refuse(session, "AUTH PLAIN", "535 5.7.8 no\r\n");
        session->is_known = true;
        count(&logins);
        return say(session, "235 2.7.0 Welcome\r\n");
    }
    if (!session->is_known) return refuse(session, command, "530 5.7.0 AUTH first\r\n");
    if (is(command, "MAIL FROM:<")) {
        if (session->has_sender) return refuse(session, command, "503 5.5.1 a mail is under way\r\n");
        session->has_sender = true;
        return say(session, "250 2.1.0 Ok\r\n");
    }
    if (is(command, "RCPT TO:<")) {
        if (!session->has_sender || session->recipient >= 0) return refuse(session, command, "503 5.5.1 one after MAIL\r\n");
        session->recipient = number_of(command);
        if (session->recipient < 0) return refuse(session, command, "550 5.1.1 nobody here\r\n");
        return say(session, "250 2.1.5 Ok\r\n");
    }
    if (is(command, "DATA")) {
        if (session->recipient < 0) return refuse(session, command, "503 5.5.1 RCPT first\r\n");
        return say(session, "354 Go on\r\n") && receive(session);
    }
    if (is(command, "RSET")) {
        session->has_sender = false;
        session->recipient = -1;
        return say(session, "250 2.0.0 Ok\r\n");
    }
    if (is(command, "NOOP")) return say(session, "250 2.0.0 Ok\r\n");
    return refuse(session, command, "502 5.5.2 not known\r\n");
}

static void *serve(void *argument) {
    struct session session = {.socket = (int)(intptr_t)argument, .recipient = -1};
    session.input = malloc(MOST_CONTENT);
    session.content = malloc(MOST_CONTENT);
    if (!session.input || !session.content) die("no memory for a session");
    size_t length;
    char *text, command[COMMAND_LENGTH + 1];
    bool goes_on = say(&session, "220 sink ESMTP\r\n");
    while (goes_on && (text = line(&session, COMMAND_LENGTH, &length))) {
        atomic_fetch_add_explicit(&commands, 1, memory_order_relaxed);
        memcpy(command, text, length);
        command[length] = 0;
        goes_on = obey(&session, command);
    }
    SSL_free(session.ssl);
    close(session.socket);
    free(session.input);
    free(session.content);
    return NULL;
}

static void *accept_all(void *argument) {
    int listener = (int)(intptr_t)argument;
    for (;;) {
        int socket = accept(listener, NULL, NULL);
        if (socket < 0) continue;
        struct timeval limit = {.tv_sec = IDLE_SECONDS};
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        count(&sessions);
        pthread_t thread;
        if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)socket)) die("no thread for a session");
        pthread_detach(thread);
    }
    return NULL;
}

static int listen_on_loopback(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, length) || listen(listener, 128)) die("can't listen");
    getsockname(listener, (struct sockaddr *)&address, &length);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return listener;
}

int main(int argument_count, char **arguments) {
    signal(SIGPIPE, SIG_IGN);
    user = option(argument_count, arguments, "user", "bench");
    password = option(argument_count, arguments, "password", "bench");
    keep = option(argument_count, arguments, "keep", NULL);
    every = option_number(argument_count, arguments, "every", 100);
    if (!every) die("--every has to be 1 at least");
    tls = SSL_CTX_new(TLS_server_method());
    const char *certificate = option(argument_count, arguments, "certificate", "certificate.pem");
    const char *key = option(argument_count, arguments, "key", "key.pem");
    SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION);
    if (SSL_CTX_use_certificate_chain_file(tls, certificate) != 1 || SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) != 1)
        die("%s and %s can't be used", certificate, key);
    pthread_t thread;
    if (pthread_create(&thread, NULL, accept_all, (void *)(intptr_t)listen_on_loopback())) die("no thread to accept");
    while (getchar() != EOF) continue;
    pthread_mutex_lock(&guard);
    printf(
        "{\"mails\":%" PRIu64 ",\"distinct\":%" PRIu64 ",\"sum\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"smallest\":%" PRIu64
        ",\"largest\":%" PRIu64 ",\"sessions\":%" PRIu64 ",\"handshakes\":%" PRIu64 ",\"logins\":%" PRIu64
        ",\"commands\":%" PRIuFAST64 ",\"faults\":%" PRIu64 ",\"cpu_seconds\":%.6f}\n",
        mails, distinct, sum, bytes, mails ? smallest : 0, largest, sessions, handshakes, logins, atomic_load(&commands), faults,
        span_now().cpu
    );
    fflush(stdout);
    if (faults) fprintf(stderr, "%s\n", first_fault);
    _exit(0);
}
