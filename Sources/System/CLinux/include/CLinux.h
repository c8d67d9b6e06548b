#pragma once

#include <stddef.h>
#include <stdint.h>

#include "process.h"

/* What glibc offers but Swift's overlay does not reach. Every function returns -1 and sets errno on failure. */

/* A non-blocking, close-on-exec event counter. */
int fleet_eventfd(void);

/* Names the calling thread; the kernel keeps the first 15 bytes. */
int fleet_name_thread(const char *name);

/* How many bytes a TCP connection has received in all; -1 when it is none. */
int64_t fleet_bytes_received(int socket);

/* How many of them were read; -1 when it is none. */
int64_t fleet_bytes_read(int socket);

/* Whether the other end of a connected socket has closed it, for writing at least, or the connection is broken. */
int fleet_peer_is_gone(int socket);

/* Throws away what has arrived on a TCP socket and was not read, up to some megabytes. */
void fleet_discard_input(int socket);

/* How many descriptors the process may have; -1 when that is not known. */
int64_t fleet_descriptor_limit(void);

/* Gives memory that was freed back to the system. */
void fleet_release_free_memory(void);

/* Maps `length` bytes of `descriptor`, shared, for reading and writing; NULL on failure. */
void *fleet_map_shared(int descriptor, size_t length);

/*
 * Where a fatal signal leaves its number, so that the next start can tell a crash from a kill.
 * The handler stores the number at `mark` and lets the default action proceed.
 * It covers SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE and SIGTRAP.
 */
void fleet_mark_crashes_at(uint32_t *mark);
