#pragma once

#include <stddef.h>
#include <stdint.h>

#include "process.h"

/* What glibc offers but Swift's overlay does not reach. Every function returns -1 and sets errno on failure. */

/* A non-blocking, close-on-exec event counter. */
int fleet_eventfd(void);

/* Names the calling thread; the kernel keeps the first 15 bytes. */
int fleet_name_thread(const char *name);

/* Maps `length` bytes of `descriptor`, shared, for reading and writing; NULL on failure. */
void *fleet_map_shared(int descriptor, size_t length);

/*
 * Where a fatal signal leaves its number, so that the next start can tell a crash from a kill.
 * The handler stores the number at `mark` and lets the default action proceed.
 * It covers SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE and SIGTRAP.
 */
void fleet_mark_crashes_at(uint32_t *mark);
