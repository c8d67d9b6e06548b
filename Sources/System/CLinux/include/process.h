#pragma once

#include <sys/types.h>

/* What a new process starts with; zero or NULL leaves a field's default, descriptors are explicit. */
struct fleet_spawn_request {
    const char *path;
    char *const *arguments;
    char *const *environment;
    /* The working directory. */
    const char *directory;
    int input, output, error;
    /* A descriptor that stays open in the new process, or -1. The process writes its id into it before it executes. */
    int record;
    /* A session, and so a process group, of its own: no terminal's Ctrl-C reaches it. */
    int new_session;
    /* Sent by the kernel when the THREAD that spawned ends; call from a thread that lives as long as the process. */
    int parent_death_signal;
    /* Drop to this user; switched off by change_user = 0. */
    int change_user;
    uid_t user;
    gid_t group;
};

/*
 * Forks and executes. Signals are back at their defaults, every other descriptor is closed, the umask is 077,
 * and as many files may be open as the hard limit allows, up to 65536.
 * Returns the process id, or -1 with errno when the fork or anything up to the execution failed.
 */
pid_t fleet_spawn(const struct fleet_spawn_request *request);

/* Takes an exclusive lock that belongs to the open file, and so to every process that inherits the descriptor. */
int fleet_lock(int descriptor, int may_wait);

/* 1 when another open file holds the lock, 0 when nobody does. */
int fleet_is_locked(int descriptor);

/* Turns the listed signals into bytes (their numbers) on the returned descriptor, which is non-blocking. */
int fleet_signals_to_descriptor(const int *signals, int count);

/* The user's ids by name; -1 when there is no such user. */
int fleet_user_by_name(const char *name, uid_t *user, gid_t *group);
