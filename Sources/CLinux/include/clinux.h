#pragma once
// What Glibc's module does not export to Swift, or exports as a variadic or macro Swift cannot call.
// Without _GNU_SOURCE: it changes types that Glibc's module has already told Swift about.
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/types.h>

// open(2), openat(2), fcntl(2): variadic.
int clinux_openat(int dirfd, const char *path, int flags, unsigned int mode);
int clinux_fcntl(int fd, int command, long argument);
// struct statfs is not exported: whether an open file is of procfs, sysfs or cgroup2.
int clinux_is_kernel_file(int fd);
// getdents64(2) is a GNU extension.
ssize_t clinux_getdents(int directory, void *buffer, size_t size);
// CMSG_* are macros. One message with at most 128 descriptors; return as sendmsg/recvmsg. `count` in: room, out: received.
ssize_t clinux_send(int socket, const void *bytes, size_t length, const int *descriptors, int count);
ssize_t clinux_send_to(
    int socket, const void *bytes, size_t length, const int *descriptors, int count, const void *address, size_t address_length);
ssize_t clinux_receive(int socket, void *bytes, size_t length, int *descriptors, int *count, int flags);
int clinux_peer(int socket, pid_t *pid, uid_t *uid, gid_t *gid);
// accept4 is a GNU extension. The result is close-on-exec.
int clinux_accept(int socket);
// Namespaces and the mount API: GNU extensions, or system calls without a wrapper in older libcs. Return as the system calls.
int clinux_unshare(int flags);
int clinux_setns(int fd, int flags);
// ioctl(2) is variadic: NS_GET_USERNS. A descriptor of the user namespace that owns a namespace, close-on-exec.
int clinux_owner(int namespace);
int clinux_pivot_root(const char *new_root, const char *put_old);
int clinux_open_tree(int directory, const char *path, unsigned int flags);
int clinux_move_mount(int from, const char *from_path, int to, const char *to_path, unsigned int flags);
// struct mount_attr in one call; userns -1 unless MOUNT_ATTR_IDMAP is in `set`.
int clinux_mount_setattr(int directory, const char *path, unsigned int flags, uint64_t set, uint64_t clear, int userns);
// The same: MS_PRIVATE for all mounts of a tree that open_tree(2) made.
int clinux_mount_setattr_private(int tree);
// ioctl(2) is variadic: NS_GET_NSTYPE, the CLONE_NEW* of a namespace.
int clinux_namespace_type(int namespace);
// fork(2) with the flags of clone3(2), optionally born in a cgroup (-1: none). The pidfd is close-on-exec.
pid_t clinux_clone(uint64_t flags, int cgroup, int *pidfd);
int clinux_pidfd_open(pid_t pid);
int clinux_pidfd_send_signal(int pidfd, int signal);
int clinux_close_range(unsigned int first, unsigned int last);
int clinux_close_range_on_exec(unsigned int first, unsigned int last);
int clinux_execveat(int fd, char *const arguments[], char *const environment[]);
int clinux_become(uid_t uid, gid_t gid);
int clinux_signalfd(const uint64_t *signals);
int clinux_set_mask(int how, uint64_t signals, uint64_t *old);
int clinux_pipe(int descriptors[2]);
int clinux_set_affinity(pid_t pid, size_t size, const void *mask);
// ioctl(2) is variadic and struct ifreq a nest of unions: IFF_UP on "lo".
int clinux_loopback_up(void);
const char *clinux_errno_name(int error);
// fork is marked unavailable in Swift. Only for a process with one thread.
pid_t clinux_fork(void);
// prctl is variadic.
// PR_SET_PDEATHSIG; the signal comes at once, and ESRCH where it is not deadly, when who made the caller has ended already.
int clinux_die_with_parent(int signal);
// renameat2 with RENAME_EXCHANGE.
int clinux_exchange(const char *one, const char *other);
// mkdirat of a directory that is the owner's from its making on: nobody can put another in its place before it is. With the capabilities
// of the caller.
int clinux_make_directory_as(int directory, const char *name, mode_t mode, uid_t owner);
// Descendants whose parent dies become children of this process.
int clinux_adopt_orphans(void);
// ioctl(2) is variadic: TIOCGWINSZ.
int clinux_window_size(int terminal, uint16_t *rows, uint16_t *columns);
// openat2 with O_PATH | O_CLOEXEC and RESOLVE_IN_ROOT.
int clinux_open_inside(int root, const char *path);
// As the one who calls it means the path, magic links and all: O_PATH.
int clinux_open_place(int directory, const char *path, int follow);
// Minor device number of the mount whose root an open file is; -1 when it is none.
int64_t clinux_mount_minor(int fd);
// <sys/fsuid.h> and <linux/capability.h>: what files may be reached from now on. Ids are those of the own user namespace; `effective` cuts
// the capabilities in effect.
int clinux_look_as(uid_t uid, gid_t gid, const gid_t *groups, size_t count, uint64_t effective);
// openat2 that follows no symlink and does not leave `root`.
int clinux_open_beneath(int root, const char *path, int flags);
// struct statfs is not exported: f_type of an open file, -1 and errno.
int64_t clinux_filesystem(int fd);
// prctl is variadic: PR_SET_DUMPABLE 0, so that who is root elsewhere cannot look into this process.
int clinux_hide(void);
// User and group 0 of the own user namespace, as far as it has them; supplementary groups left behind if they may be.
int clinux_become_root_here(void);
// capset(2) has no wrapper in glibc: gives up for ever every capability that is not in `keep`.
int clinux_keep_capabilities(uint64_t keep);
// The effective user id alone, capabilities kept; glibc's would tell threads, prctl is variadic.
int clinux_act_as(uid_t uid);
// keyctl(2) has no wrapper in glibc.
int clinux_new_session_keyring(void);
// struct flock shares its name with a function, and fcntl(2) is variadic: waits for the lock on one byte, which goes with the open file.
int clinux_lock_byte(int fd, int64_t offset);
// The same without waiting; EAGAIN when somebody else has it.
int clinux_try_lock_byte(int fd, int64_t offset);
// memfd_create(2): close-on-exec, can be sealed.
int clinux_memfd(const char *name);
// Memory shared with another process: the compiler must not move other accesses across these, whoever else it thinks can see them.
static inline uint32_t clinux_load32(const void *at) { return __atomic_load_n((const uint32_t *)at, __ATOMIC_SEQ_CST); }
static inline uint64_t clinux_load64(const void *at) { return __atomic_load_n((const uint64_t *)at, __ATOMIC_SEQ_CST); }
static inline void clinux_store32(void *at, uint32_t value) {
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    __atomic_store_n((uint32_t *)at, value, __ATOMIC_SEQ_CST);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}
static inline void clinux_store64(void *at, uint64_t value) {
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    __atomic_store_n((uint64_t *)at, value, __ATOMIC_SEQ_CST);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}
// Whether the word was `old`, and now is `new`.
static inline int clinux_exchange32(void *at, uint32_t old, uint32_t new) {
    return __atomic_compare_exchange_n((uint32_t *)at, &old, new, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}
// A pointer of this thread's own: Swift has no thread-local variables.
void clinux_set_thread_value(void *value);
void *clinux_thread_value(void);
// prctl is variadic: PR_SET_NAME.
int clinux_set_name(const char *name);
// statx(2) is a GNU extension. Minor device number of what is mounted at `path`, without asking its server; -1 and errno.
int64_t clinux_minor(const char *path);
// ioctl(2) is variadic: seccomp's notifications. `at` is a struct seccomp_notif, all zero.
int clinux_notification_receive(int listener, void *at);
int clinux_notification_answer(int listener, uint64_t id, int64_t value, int error, int goes_on);
int clinux_notification_waits(int listener, uint64_t id);
// poll(2) that tells hanging up from readable: 1 readable, -1 nobody is left to ask, 0 neither.
int clinux_notification_state(int listener, int milliseconds);
// Addresses above the greatest off_t there is: none in user space, but what a caller passes may be one.
ssize_t clinux_pread(int fd, void *bytes, size_t size, uint64_t at);
ssize_t clinux_pwrite(int fd, const void *bytes, size_t size, uint64_t at);
// glibc's wrapper does not tell how many bytes the kernel's masks have.
int clinux_get_affinity(pid_t thread, void *mask, size_t size);
