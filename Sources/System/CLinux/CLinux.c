#define _GNU_SOURCE
#include "CLinux.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>

int fleet_eventfd(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

int fleet_name_thread(const char *name) { return prctl(PR_SET_NAME, name, 0, 0, 0); }

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
