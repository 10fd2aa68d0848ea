#define _GNU_SOURCE
#include "clinux.h"
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int clinux_notification_receive(int listener, void *at) { return ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, at); }

int clinux_notification_answer(int listener, uint64_t id, int64_t value, int error, int goes_on) {
    struct seccomp_notif_resp response = {
        .id = id, .val = value, .error = -error, .flags = goes_on ? SECCOMP_USER_NOTIF_FLAG_CONTINUE : 0};
    return ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

int clinux_notification_waits(int listener, uint64_t id) { return ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0; }

int clinux_notification_state(int listener, int milliseconds) {
    struct pollfd entry = {.fd = listener, .events = POLLIN};
    int found = poll(&entry, 1, milliseconds);
    if (found <= 0) return 0;
    return entry.revents & POLLIN ? 1 : -1;
}

ssize_t clinux_pread(int fd, void *bytes, size_t size, uint64_t at) { return pread64(fd, bytes, size, (off64_t)at); }

ssize_t clinux_pwrite(int fd, const void *bytes, size_t size, uint64_t at) { return pwrite64(fd, bytes, size, (off64_t)at); }

int clinux_get_affinity(pid_t thread, void *mask, size_t size) { return (int)syscall(SYS_sched_getaffinity, thread, size, mask); }
