#define _GNU_SOURCE
#include "clinux.h"
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

struct attributes {
    uint64_t set, clear, propagation, userns;
};

int clinux_unshare(int flags) { return unshare(flags); }

int clinux_setns(int fd, int flags) { return setns(fd, flags); }

int clinux_owner(int namespace) { return ioctl(namespace, NS_GET_USERNS); }

int clinux_pivot_root(const char *new_root, const char *put_old) { return (int)syscall(SYS_pivot_root, new_root, put_old); }

int clinux_open_tree(int directory, const char *path, unsigned int flags) {
    return (int)syscall(SYS_open_tree, directory, path, flags);
}

int clinux_move_mount(int from, const char *from_path, int to, const char *to_path, unsigned int flags) {
    return (int)syscall(SYS_move_mount, from, from_path, to, to_path, flags);
}

int clinux_mount_setattr(int directory, const char *path, unsigned int flags, uint64_t set, uint64_t clear, int userns) {
    struct attributes attributes = {.set = set, .clear = clear, .userns = userns < 0 ? 0 : (uint64_t)userns};
    return (int)syscall(SYS_mount_setattr, directory, path, flags, &attributes, sizeof attributes);
}

int64_t clinux_mount_minor(int fd) {
    struct statx status;
    if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &status) < 0) return -1;
    // STATX_ATTR_MOUNT_ROOT.
    return status.stx_attributes & 0x2000 ? status.stx_dev_minor : -1;
}

int clinux_mount_setattr_private(int tree) {
    struct attributes attributes = {.propagation = MS_PRIVATE};
    return (int)syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes, sizeof attributes);
}

int clinux_namespace_type(int namespace) { return ioctl(namespace, NS_GET_NSTYPE); }

int64_t clinux_minor(const char *path) {
    struct statx status;
    if (statx(AT_FDCWD, path, AT_STATX_DONT_SYNC | AT_SYMLINK_NOFOLLOW, STATX_TYPE, &status) < 0) return -1;
    return status.stx_dev_minor;
}
