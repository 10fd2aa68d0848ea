/// System calls by name, with their numbers: x86-64, i386, and the list that newer architectures share.
enum Call: String, Sendable {
    case mount, umount2, pivot_root, chroot, chdir, unshare, setns, clone, clone3, ptrace, kill, reboot, syslog, swapon, swapoff, acct
    case settimeofday, clock_settime, adjtimex, sethostname, iopl, ioperm, quotactl, perf_event_open, userfaultfd, kcmp
    case process_vm_readv, process_vm_writev, pidfd_open, pidfd_send_signal, pidfd_getfd, open_by_handle_at, name_to_handle_at
    case add_key, request_key, keyctl, shmget, semget, msgget, mq_open, fanotify_init, fanotify_mark, io_uring_setup, io_setup
    case sysinfo, sched_setaffinity, listmount, statmount, mknod, mknodat, bpf, init_module, finit_module, delete_module, kexec_load
    case kexec_file_load, fsopen, fsconfig, fsmount, fspick, open_tree, move_mount, mount_setattr, openat2, openat, socket, connect, bind
    case vhangup, move_pages, open_tree_attr, shmat, epoll_create1, setrlimit, prlimit64, renameat2

    static let missing = -1

    private var numbers: (x86: Int, i386: Int, other: Int) {
        switch self {
        case .mount: (165, 21, 40)
        case .umount2: (166, 52, 39)
        case .pivot_root: (155, 217, 41)
        case .chroot: (161, 61, 51)
        case .chdir: (80, 12, 49)
        case .unshare: (272, 310, 97)
        case .setns: (308, 346, 268)
        case .clone: (56, 120, 220)
        case .clone3: (435, 435, 435)
        case .ptrace: (101, 26, 117)
        case .kill: (62, 37, 129)
        case .reboot: (169, 88, 142)
        case .syslog: (103, 103, 116)
        case .swapon: (167, 87, 224)
        case .swapoff: (168, 115, 225)
        case .acct: (163, 51, 89)
        case .settimeofday: (164, 79, 170)
        case .clock_settime: (227, 264, 112)
        case .adjtimex: (159, 124, 171)
        case .sethostname: (170, 74, 161)
        case .iopl: (172, 110, Call.missing)
        case .ioperm: (173, 101, Call.missing)
        case .quotactl: (179, 131, 60)
        case .perf_event_open: (298, 336, 241)
        case .userfaultfd: (323, 374, 282)
        case .kcmp: (312, 349, 272)
        case .process_vm_readv: (310, 347, 270)
        case .process_vm_writev: (311, 348, 271)
        case .pidfd_open: (434, 434, 434)
        case .pidfd_send_signal: (424, 424, 424)
        case .pidfd_getfd: (438, 438, 438)
        case .open_by_handle_at: (304, 342, 265)
        case .name_to_handle_at: (303, 341, 264)
        case .add_key: (248, 286, 217)
        case .request_key: (249, 287, 218)
        case .keyctl: (250, 288, 219)
        case .shmget: (29, 395, 194)
        case .shmat: (30, 397, 196)
        case .semget: (64, 393, 190)
        case .msgget: (68, 399, 186)
        case .mq_open: (240, 277, 180)
        case .fanotify_init: (300, 338, 262)
        case .fanotify_mark: (301, 339, 263)
        case .io_uring_setup: (425, 425, 425)
        case .io_setup: (206, 245, 0)
        case .sysinfo: (99, 116, 179)
        case .sched_setaffinity: (203, 241, 122)
        case .listmount: (458, 458, 458)
        case .statmount: (457, 457, 457)
        case .mknod: (133, 14, Call.missing)
        case .mknodat: (259, 297, 33)
        case .bpf: (321, 357, 280)
        case .init_module: (175, 128, 105)
        case .finit_module: (313, 350, 273)
        case .delete_module: (176, 129, 106)
        case .kexec_load: (246, 283, 104)
        case .kexec_file_load: (320, Call.missing, 294)
        case .fsopen: (430, 430, 430)
        case .fsconfig: (431, 431, 431)
        case .fsmount: (432, 432, 432)
        case .fspick: (433, 433, 433)
        case .open_tree: (428, 428, 428)
        case .move_mount: (429, 429, 429)
        case .mount_setattr: (442, 442, 442)
        case .open_tree_attr: (467, 467, 467)
        case .openat2: (437, 437, 437)
        case .openat: (257, 295, 56)
        case .socket: (41, 359, 198)
        case .connect: (42, 362, 203)
        case .bind: (49, 361, 200)
        case .vhangup: (153, 111, 58)
        case .move_pages: (279, 317, 239)
        case .epoll_create1: (291, 329, 20)
        case .setrlimit: (160, 75, 164)
        case .prlimit64: (302, 340, 261)
        case .renameat2: (316, 353, 276)
        }
    }

    func number(_ abi: ABI) -> Int {
        switch abi {
        case .i386: return numbers.i386
        case .native, .x32:
            #if arch(x86_64)
                // x32: the same numbers, marked, but for some whose structures differ.
                let own = [Call.ptrace: 521, .process_vm_readv: 539, .kexec_load: 528]
                return abi == .x32 ? (own[self] ?? numbers.x86) | 0x4000_0000 : numbers.x86
            #else
                return numbers.other
            #endif
        }
    }
}

/// Ways into the kernel. A filter that knows only one of them is none.
enum ABI: String, Sendable, CaseIterable {
    case native, i386, x32

    var title: String { self == .native ? "" : self == .i386 ? " by a 32-bit call" : " by an x32 call" }
}
