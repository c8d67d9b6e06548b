#define _GNU_SOURCE
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void write_own_id(int descriptor) {
    /* snprintf is not safe between fork and exec of a threaded process. */
    char text[24];
    size_t at = sizeof text;
    text[--at] = '\n';
    for (pid_t rest = getpid(); rest > 0; rest /= 10) text[--at] = (char)('0' + rest % 10);
    if (ftruncate(descriptor, 0) != 0) return;
    (void)!pwrite(descriptor, text + at, sizeof text - at, 0);
}

/* Puts the descriptors at 0..4: input, output, error, record, failure. Above 4 everything is closed. */
static int arrange_descriptors(const struct fleet_spawn_request *request, int failure) {
    int wanted[5] = {request->input, request->output, request->error, request->record, failure};
    int safe[5];
    for (int i = 0; i < 5; i++) {
        safe[i] = wanted[i] < 0 ? -1 : fcntl(wanted[i], F_DUPFD, 10);
        if (wanted[i] >= 0 && safe[i] < 0) return -1;
    }
    for (int i = 0; i < 5; i++) {
        if (safe[i] >= 0 ? dup2(safe[i], i) < 0 : (close(i), 0)) return -1;
    }
    if (fcntl(4, F_SETFD, FD_CLOEXEC) < 0) return -1;
    if (close_range(5, ~0U, 0) != 0) {
        long limit = sysconf(_SC_OPEN_MAX);
        for (int i = 5; i < (limit < 0 || limit > 65536 ? 65536 : limit); i++) close(i);
    }
    return 0;
}

static void become(const struct fleet_spawn_request *request, int failure, pid_t parent) {
    int report = failure;
    if (arrange_descriptors(request, failure) != 0) goto failed;
    report = 4;
    struct sigaction standard;
    memset(&standard, 0, sizeof standard);
    standard.sa_handler = SIG_DFL;
    for (int number = 1; number < NSIG; number++) sigaction(number, &standard, NULL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    umask(077);
    /* Servers need more files than the usual soft limit of 1024; the hard limit is what was allowed anyway. */
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        rlim_t wanted = files.rlim_max < 65536 ? files.rlim_max : 65536;
        if (files.rlim_cur < wanted) {
            files.rlim_cur = wanted;
            setrlimit(RLIMIT_NOFILE, &files);
        }
    }
    if (request->new_session && setsid() < 0) goto failed;
    if (request->change_user) {
        if (setgroups(1, &request->group) != 0 || setgid(request->group) != 0 || setuid(request->user) != 0) goto failed;
    }
    if (request->directory && chdir(request->directory) != 0) goto failed;
    if (request->parent_death_signal) {
        /* After setuid, which clears it. The parent may have died before this line. */
        if (prctl(PR_SET_PDEATHSIG, request->parent_death_signal, 0, 0, 0) != 0) goto failed;
        if (getppid() != parent) _exit(1);
    }
    if (request->record >= 0) write_own_id(3);
    execve(request->path, request->arguments, request->environment);
failed:;
    int reason = errno;
    (void)!write(report, &reason, sizeof reason);
    _exit(127);
}

pid_t fleet_spawn(const struct fleet_spawn_request *request) {
    int failure[2];
    if (pipe2(failure, O_CLOEXEC) != 0) return -1;
    pid_t parent = getpid();
    pid_t child = fork();
    if (child == 0) become(request, failure[1], parent);
    int reason = errno;
    close(failure[1]);
    if (child > 0) {
        ssize_t count;
        do {
            count = read(failure[0], &reason, sizeof reason);
        } while (count < 0 && errno == EINTR);
        if (count == (ssize_t)sizeof reason) {
            while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {}
            child = -1;
        }
    }
    close(failure[0]);
    if (child < 0) errno = reason;
    return child;
}

int fleet_lock(int descriptor, int may_wait) {
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int status;
    do {
        status = fcntl(descriptor, may_wait ? F_OFD_SETLKW : F_OFD_SETLK, &whole);
    } while (status < 0 && errno == EINTR);
    return status;
}

int fleet_is_locked(int descriptor) {
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(descriptor, F_OFD_GETLK, &whole) != 0) return -1;
    return whole.l_type != F_UNLCK;
}

static int signal_pipe[2] = {-1, -1};

static void on_signal(int number) {
    int saved = errno;
    unsigned char byte = (unsigned char)number;
    (void)!write(signal_pipe[1], &byte, 1);
    errno = saved;
}

int fleet_signals_to_descriptor(const int *signals, int count) {
    if (signal_pipe[0] < 0 && pipe2(signal_pipe, O_NONBLOCK | O_CLOEXEC) != 0) return -1;
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART;
    sigfillset(&action.sa_mask);
    for (int i = 0; i < count; i++) {
        if (sigaction(signals[i], &action, NULL) != 0) return -1;
    }
    return signal_pipe[0];
}

int fleet_user_by_name(const char *name, uid_t *user, gid_t *group) {
    struct passwd entry, *found = NULL;
    char buffer[4096];
    if (getpwnam_r(name, &entry, buffer, sizeof buffer, &found) != 0 || !found) return -1;
    *user = entry.pw_uid;
    *group = entry.pw_gid;
    return 0;
}
