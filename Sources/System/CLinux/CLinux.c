#define _GNU_SOURCE
#include "CLinux.h"

#include <linux/tcp.h>
#include <malloc.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

int fleet_eventfd(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

int fleet_name_thread(const char *name) { return prctl(PR_SET_NAME, name, 0, 0, 0); }

int64_t fleet_bytes_received(int socket) {
    struct tcp_info info;
    socklen_t size = sizeof info;
    memset(&info, 0, sizeof info);
    if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return -1;
    return (int64_t)info.tcpi_bytes_received;
}

int64_t fleet_bytes_read(int socket) {
    int64_t received = fleet_bytes_received(socket);
    int unread = 0;
    if (received < 0 || ioctl(socket, FIONREAD, &unread) != 0) return -1;
    return received - unread;
}

int fleet_peer_is_gone(int socket) {
    struct pollfd entry = {socket, POLLRDHUP, 0};
    return poll(&entry, 1, 0) == 1 && (entry.revents & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL)) != 0;
}

void fleet_discard_input(int socket) {
    int parts = 0;
    while (parts++ < 64 && recv(socket, NULL, 1 << 16, MSG_DONTWAIT | MSG_TRUNC) > 0) {}
}

int64_t fleet_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return -1;
    return limit.rlim_cur == RLIM_INFINITY ? INT64_MAX : (int64_t)limit.rlim_cur;
}

void fleet_release_free_memory(void) { malloc_trim(0); }

void *fleet_map_shared(int descriptor, size_t length) {
    void *address = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    return address == MAP_FAILED ? NULL : address;
}

static uint32_t *volatile crash_mark;

static void on_crash(int number) {
    if (crash_mark) __atomic_store_n(crash_mark, (uint32_t)number, __ATOMIC_SEQ_CST);
    /* SA_RESETHAND has restored the default action: a fault recurs on return, an abort is raised again. */
    raise(number);
}

void fleet_mark_crashes_at(uint32_t *mark) {
    static const int fatal[] = {SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};
    crash_mark = mark;
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_crash;
    action.sa_flags = SA_RESETHAND | SA_NODEFER | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++) sigaction(fatal[i], &action, NULL);
}
