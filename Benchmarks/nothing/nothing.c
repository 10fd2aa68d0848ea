// A FUSE server that does nothing but answer: one directory, one constant file, no cache in the kernel.
// What it costs is what FUSE itself costs, so it is the measure for a server that has work to do.
#define FUSE_USE_VERSION FUSE_MAKE_VERSION(3, 12)

#include <errno.h>
#include <fuse_lowlevel.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { file_inode = 2, content_size = 1500, forever = 86400 };

static const char file_name[] = "constant";
static char content[content_size];

static void fill_content(void) {
    static const char line[] = "MemAvailable:   24678220 kB\n";
    for (size_t i = 0; i < content_size; i++) content[i] = line[i % (sizeof line - 1)];
    content[content_size - 1] = '\n';
}

static int fill_attributes(fuse_ino_t inode, struct stat *attributes) {
    memset(attributes, 0, sizeof *attributes);
    attributes->st_ino = inode;
    if (inode == FUSE_ROOT_ID) {
        attributes->st_mode = S_IFDIR | 0555;
        attributes->st_nlink = 2;
    } else if (inode == file_inode) {
        attributes->st_mode = S_IFREG | 0444;
        attributes->st_nlink = 1;
    } else {
        return ENOENT;
    }
    return 0;
}

static void answer_lookup(fuse_req_t request, fuse_ino_t parent, const char *name) {
    if (parent != FUSE_ROOT_ID || strcmp(name, file_name) != 0) {
        fuse_reply_err(request, ENOENT);
        return;
    }
    struct fuse_entry_param entry = {.ino = file_inode, .attr_timeout = forever, .entry_timeout = forever};
    fill_attributes(file_inode, &entry.attr);
    fuse_reply_entry(request, &entry);
}

static void answer_getattr(fuse_req_t request, fuse_ino_t inode, struct fuse_file_info *file) {
    (void)file;
    struct stat attributes;
    int error = fill_attributes(inode, &attributes);
    if (error != 0) {
        fuse_reply_err(request, error);
    } else {
        fuse_reply_attr(request, &attributes, forever);
    }
}

static void answer_open(fuse_req_t request, fuse_ino_t inode, struct fuse_file_info *file) {
    (void)inode;
    file->direct_io = 1;
    fuse_reply_open(request, file);
}

static void answer_read(fuse_req_t request, fuse_ino_t inode, size_t size, off_t offset, struct fuse_file_info *file) {
    (void)inode;
    (void)file;
    if (offset < 0 || offset >= content_size) {
        fuse_reply_buf(request, NULL, 0);
        return;
    }
    size_t left = content_size - (size_t)offset;
    fuse_reply_buf(request, content + offset, size < left ? size : left);
}

// No flush: libfuse answers the first with ENOSYS and the kernel asks no more, so a close costs no round trip.
static const struct fuse_lowlevel_ops operations = {
    .lookup = answer_lookup,
    .getattr = answer_getattr,
    .open = answer_open,
    .read = answer_read,
};

int main(int argc, char *argv[]) {
    if (argc != 2) {
        fprintf(stderr, "usage: nothing DIR\n");
        return 2;
    }
    fill_content();
    char *options[] = {argv[0], "-o", "fsname=nothing,allow_other"};
    struct fuse_args arguments = FUSE_ARGS_INIT(3, options);
    struct fuse_session *session = fuse_session_new(&arguments, &operations, sizeof operations, NULL);
    if (session == NULL) return 1;
    int status = 1;
    if (fuse_set_signal_handlers(session) == 0) {
        if (fuse_session_mount(session, argv[1]) == 0) {
            // A positive result is the signal that ended the loop: the way this server is meant to end.
            status = fuse_session_loop_mt(session, NULL) < 0;
            fuse_session_unmount(session);
        }
        fuse_remove_signal_handlers(session);
    }
    fuse_session_destroy(session);
    fuse_opt_free_args(&arguments);
    return status;
}
