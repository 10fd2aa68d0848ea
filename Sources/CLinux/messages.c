#define _GNU_SOURCE
#include "clinux.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { most = 128 };

ssize_t clinux_send(int socket, const void *bytes, size_t length, const int *descriptors, int count) {
    return clinux_send_to(socket, bytes, length, descriptors, count, NULL, 0);
}

ssize_t clinux_send_to(
    int socket, const void *bytes, size_t length, const int *descriptors, int count, const void *address, size_t address_length) {
    union { char room[CMSG_SPACE(most * sizeof(int))]; struct cmsghdr aligned; } control;
    struct iovec part = {.iov_base = (void *)bytes, .iov_len = length};
    struct msghdr message = {
        .msg_name = (void *)address, .msg_namelen = (socklen_t)address_length, .msg_iov = &part, .msg_iovlen = 1};
    if (count < 0 || count > most) {
        errno = EINVAL;
        return -1;
    }
    if (count > 0) {
        memset(&control, 0, sizeof control);
        message.msg_control = control.room;
        message.msg_controllen = CMSG_SPACE((size_t)count * sizeof(int));
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN((size_t)count * sizeof(int));
        memcpy(CMSG_DATA(header), descriptors, (size_t)count * sizeof(int));
    }
    return sendmsg(socket, &message, MSG_NOSIGNAL);
}

ssize_t clinux_receive(int socket, void *bytes, size_t length, int *descriptors, int *count, int flags) {
    union { char room[CMSG_SPACE(most * sizeof(int))]; struct cmsghdr aligned; } control;
    struct iovec part = {.iov_base = bytes, .iov_len = length};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof control.room};
    int room = *count, taken = 0, surplus = 0;
    *count = 0;
    ssize_t size = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | flags);
    if (size < 0) return size;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        size_t bytes_of = header->cmsg_len - CMSG_LEN(0);
        for (size_t i = 0; i < bytes_of / sizeof(int); i++) {
            int descriptor;
            memcpy(&descriptor, CMSG_DATA(header) + i * sizeof(int), sizeof descriptor);
            if (taken < room) descriptors[taken++] = descriptor;
            else {
                close(descriptor);
                surplus = 1;
            }
        }
    }
    // A message cut short is a message not understood: nothing of it may be used.
    if (surplus || message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
        for (int i = 0; i < taken; i++) close(descriptors[i]);
        errno = EMSGSIZE;
        return -1;
    }
    *count = taken;
    return size;
}

int clinux_peer(int socket, pid_t *pid, uid_t *uid, gid_t *gid) {
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0) return -1;
    *pid = peer.pid;
    *uid = peer.uid;
    *gid = peer.gid;
    return 0;
}
