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
// Inode flags of statx and device numbers are macros.
unsigned int clinux_major(dev_t device);
unsigned int clinux_minor(dev_t device);
// CMSG_* are macros. One message with at most 16 descriptors; return as sendmsg/recvmsg. `count` in: room, out: received.
ssize_t clinux_send(int socket, const void *bytes, size_t length, const int *descriptors, int count);
ssize_t clinux_receive(int socket, void *bytes, size_t length, int *descriptors, int *count);
int clinux_peer(int socket, pid_t *pid, uid_t *uid, gid_t *gid);
// accept4 is a GNU extension. The result is close-on-exec.
int clinux_accept(int socket);
// fork is marked unavailable in Swift. Only for a process with one thread.
pid_t clinux_fork(void);
// prctl is variadic.
int clinux_die_with_parent(int signal);
// Descendants whose parent dies become children of this process.
int clinux_adopt_orphans(void);
