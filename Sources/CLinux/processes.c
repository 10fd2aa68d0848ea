#define _GNU_SOURCE
#include "clinux.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/securebits.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// struct clone_args up to `cgroup`; the kernel takes any size it knows.
struct arguments {
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
};

// Who was made by whom: a process that was made otherwise, by posix_spawn(3) say, finds another pid than its own.
static struct {
    pid_t self, parent;
} made;

static pid_t remember(pid_t pid, pid_t parent) {
    if (pid == 0) {
        made.self = getpid();
        made.parent = parent;
    }
    return pid;
}

pid_t clinux_clone(uint64_t flags, int cgroup, int *pidfd) {
    pid_t parent = flags & CLONE_PARENT ? 0 : getpid();
    struct arguments arguments = {
        .flags = flags | CLONE_PIDFD, .pidfd = (uint64_t)(uintptr_t)pidfd,
        // A sibling has the caller's, and must not name one.
        .exit_signal = flags & CLONE_PARENT ? 0 : SIGCHLD};
    if (cgroup >= 0) {
        arguments.flags |= 0x200000000ULL; // CLONE_INTO_CGROUP
        arguments.cgroup = (uint64_t)cgroup;
    }
    return remember((pid_t)syscall(SYS_clone3, &arguments, sizeof arguments), parent);
}

int clinux_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

int clinux_pidfd_send_signal(int pidfd, int signal) { return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0); }

int clinux_close_range(unsigned int first, unsigned int last) { return (int)syscall(SYS_close_range, first, last, 0); }

int clinux_close_range_on_exec(unsigned int first, unsigned int last) { return (int)syscall(SYS_close_range, first, last, 4); }

int clinux_execveat(int fd, char *const arguments[], char *const environment[]) {
    return (int)syscall(SYS_execveat, fd, "", arguments, environment, AT_EMPTY_PATH);
}


int clinux_become(uid_t uid, gid_t gid) {
    if (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0) return -1;
    return setresuid(uid, uid, uid);
}

static void fill(sigset_t *set, uint64_t signals) {
    sigemptyset(set);
    for (int number = 1; number < 64; number++)
        if (signals >> number & 1) sigaddset(set, number);
}

int clinux_signalfd(const uint64_t *signals) {
    sigset_t set;
    fill(&set, *signals);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int clinux_set_mask(int how, uint64_t signals, uint64_t *old) {
    sigset_t set, before;
    fill(&set, signals);
    if (sigprocmask(how, &set, &before) < 0) return -1;
    *old = 0;
    for (int number = 1; number < 64; number++)
        if (sigismember(&before, number) == 1) *old |= 1ULL << number;
    return 0;
}

int clinux_pipe(int descriptors[2]) { return pipe2(descriptors, O_CLOEXEC); }

int clinux_set_affinity(pid_t pid, size_t size, const void *mask) { return sched_setaffinity(pid, size, mask); }

int clinux_loopback_up(void) {
    struct ifreq request;
    int socket_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket_fd < 0) return -1;
    memset(&request, 0, sizeof request);
    strcpy(request.ifr_name, "lo");
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    int result = ioctl(socket_fd, SIOCSIFFLAGS, &request);
    close(socket_fd);
    return result;
}

const char *clinux_errno_name(int error) {
    const char *name = strerrorname_np(error);
    return name ? name : "errno";
}

pid_t clinux_fork(void) {
    pid_t parent = getpid();
    return remember(fork(), parent);
}

int clinux_die_with_parent(int signal) {
    if (prctl(PR_SET_PDEATHSIG, (unsigned long)signal, 0, 0, 0) < 0) return -1;
    // A parent that has ended before sends nothing. One in another PID namespace is 0, dead or alive.
    pid_t parent = made.self == getpid() ? made.parent : 0;
    if (parent == 0 || getppid() == parent || getppid() == 0) return 0;
    kill(getpid(), signal);
    errno = ESRCH;
    return -1;
}

int clinux_adopt_orphans(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

int clinux_window_size(int terminal, uint16_t *rows, uint16_t *columns) {
    struct winsize size;
    if (ioctl(terminal, TIOCGWINSZ, &size) < 0) return -1;
    *rows = size.ws_row;
    *columns = size.ws_col;
    return 0;
}

int clinux_act_as(uid_t uid) {
    if (prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0) < 0) return -1;
    return (int)syscall(SYS_setresuid, -1, uid, -1);
}

int clinux_exchange(const char *one, const char *other) {
    return (int)syscall(SYS_renameat2, AT_FDCWD, one, AT_FDCWD, other, 2);
}

int clinux_make_directory_as(int directory, const char *name, mode_t mode, uid_t owner) {
    if (geteuid() == owner) return mkdirat(directory, name, mode);
    int bits = prctl(PR_GET_SECUREBITS, 0, 0, 0, 0), signal = 0, made = -1, error = EPERM;
    // The capabilities in effect stay. What is run later must find the bits as they were.
    if (bits < 0 || prctl(PR_GET_PDEATHSIG, &signal, 0, 0, 0) < 0) return -1;
    if (prctl(PR_SET_SECUREBITS, (unsigned long)bits | SECBIT_NO_SETUID_FIXUP, 0, 0, 0) < 0) return -1;
    uid_t uid = (uid_t)setfsuid(owner);
    gid_t gid = (gid_t)setfsgid(owner);
    if ((uid_t)setfsuid((uid_t)-1) == owner && (gid_t)setfsgid((gid_t)-1) == owner) {
        made = mkdirat(directory, name, mode);
        error = errno;
    }
    setfsgid(gid);
    setfsuid(uid);
    // A change of credentials clears it.
    if ((uid_t)setfsuid((uid_t)-1) != uid || prctl(PR_SET_SECUREBITS, (unsigned long)bits, 0, 0, 0) < 0
        || (signal && clinux_die_with_parent(signal) < 0))
        return -1;
    errno = error;
    return made;
}

int clinux_look_as(uid_t uid, gid_t gid, const gid_t *groups, size_t count, uint64_t effective) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    struct __user_cap_data_struct data[2];
    if (setgroups(count, groups) < 0) return -1;
    setfsgid(gid);
    setfsuid(uid);
    // They do not say whether they did it; an impossible id tells who it is now.
    if ((uid_t)setfsuid((uid_t)-1) != uid || (gid_t)setfsgid((gid_t)-1) != gid) {
        errno = EPERM;
        return -1;
    }
    if (syscall(SYS_capget, &header, data) < 0) return -1;
    for (int half = 0; half < 2; half++) data[half].effective = data[half].permitted & (uint32_t)(effective >> (32 * half));
    return (int)syscall(SYS_capset, &header, data);
}

int clinux_hide(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

int clinux_become_root_here(void) {
    // A user namespace made without privilege may forbid it, and then has no other groups to leave.
    (void)setgroups(0, NULL);
    return setresgid(0, 0, 0) < 0 ? -1 : setresuid(0, 0, 0);
}

int clinux_keep_capabilities(uint64_t keep) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    struct __user_cap_data_struct data[2];
    // Bits past the kernel's last one are EINVAL, and nothing to give up.
    for (int number = 0; number < 64; number++)
        if (!(keep >> number & 1)) (void)prctl(PR_CAPBSET_DROP, number, 0, 0, 0);
    if (syscall(SYS_capget, &header, data) < 0) return -1;
    for (int half = 0; half < 2; half++) {
        uint32_t mask = (uint32_t)(keep >> (32 * half));
        data[half].permitted &= mask;
        data[half].effective = data[half].permitted;
        data[half].inheritable = 0;
    }
    return (int)syscall(SYS_capset, &header, data);
}

int clinux_new_session_keyring(void) {
    return syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 ? -1 : 0;
}

static _Thread_local void *thread_value;

void clinux_set_thread_value(void *value) { thread_value = value; }

void *clinux_thread_value(void) { return thread_value; }

int clinux_set_name(const char *name) { return prctl(PR_SET_NAME, name, 0, 0, 0); }
