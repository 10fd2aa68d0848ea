#define _GNU_SOURCE
#include "clinux.h"
#include <errno.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

int clinux_openat(int dirfd, const char *path, int flags, unsigned int mode) { return openat(dirfd, path, flags, mode); }

int clinux_fcntl(int fd, int command, long argument) { return fcntl(fd, command, argument); }

int clinux_is_kernel_file(int fd) {
    struct statfs information;
    if (fstatfs(fd, &information) != 0) return 0;
    return information.f_type == PROC_SUPER_MAGIC || information.f_type == SYSFS_MAGIC || information.f_type == CGROUP2_SUPER_MAGIC;
}

ssize_t clinux_getdents(int directory, void *buffer, size_t size) { return getdents64(directory, buffer, size); }

int clinux_accept(int socket) { return accept4(socket, NULL, NULL, SOCK_CLOEXEC); }

int clinux_open_inside(int root, const char *path) {
    struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
    return (int)syscall(SYS_openat2, root, path, &how, sizeof how);
}

int clinux_open_place(int directory, const char *path, int follow) {
    return openat(directory, path, O_PATH | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW));
}

int clinux_open_beneath(int root, const char *path, int flags) {
    struct open_how how = {
        .flags = (uint64_t)(flags | O_CLOEXEC), .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
    return (int)syscall(SYS_openat2, root, path, &how, sizeof how);
}

int64_t clinux_filesystem(int fd) {
    struct statfs information;
    return fstatfs(fd, &information) != 0 ? -1 : (int64_t)information.f_type;
}

int clinux_lock_byte(int fd, int64_t offset) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = offset, .l_len = 1};
    return fcntl(fd, F_OFD_SETLKW, &lock);
}

int clinux_try_lock_byte(int fd, int64_t offset) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = offset, .l_len = 1};
    return fcntl(fd, F_OFD_SETLK, &lock);
}

int clinux_memfd(const char *name) { return memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING); }
