import SystemPackage

/// The table. What it does not name is the kernel's to decide.
public enum Rules {
    private static let userNamespace: UInt64 = 0x1000_0000

    private static let typeOfFile: UInt64 = 0o170000
    private static let character: UInt64 = 0o020000
    private static let block: UInt64 = 0o060000

    /// MS_REMOUNT, MS_BIND, MS_MOVE: no file system is looked up by name.
    private static let onMounts: UInt64 = 0x20 | 0x1000 | 0x2000
    /// MS_UNBINDABLE, MS_PRIVATE, MS_SLAVE, MS_SHARED.
    private static let propagation: UInt64 = 0x1e_0000
    /// A mark of old in the upper half of the flags, which the kernel takes away first. libmount still sets it.
    private static let magic: UInt64 = 0xc0ed_0000
    private static let magicMask: UInt64 = 0xffff_0000

    public static let all: [Rule] = devices + namespaces + kernel + mounts + numbers

    private static let devices: [Rule] = [
        ("mknod", 1), ("mknodat", 2),
    ].flatMap { call, mode in
        [
            Rule(
                call, uses: "block devices", when: [.argument(mode, block, of: typeOfFile)], .refuse(.notPermitted),
                "the kernel refuses it in every user namespace; said here for the record"),
            Rule(
                call, uses: "character devices but 0:0", when: [.argument(mode, character, of: typeOfFile), .argument(mode + 1, not: 0)],
                .refuse(.notPermitted), "0:0 is how overlay file systems say that a file is gone, and no device"),
        ]
    }

    private static let namespaces: [Rule] = [
        Rule(
            "unshare", uses: "with CLONE_NEWUSER", when: [.argument(0, has: userNamespace)], .refuse(.notPermitted),
            "in a user namespace of its own a process has powers that nobody meant it to have"),
        Rule(
            "clone", uses: "with CLONE_NEWUSER", when: [.argument(0, has: userNamespace)], .refuse(.notPermitted), "the same"),
        Rule("clone3", .refuse(.noFunction), "its flags are in memory; libraries go on with clone"),
        Rule(
            "setns", uses: "with CLONE_NEWUSER", when: [.argument(1, has: userNamespace)], .refuse(.notPermitted),
            "there is none to join; with 0 the kernel says the same of every one but the own, which is EINVAL"),
    ]

    private static let kernel: [Rule] = [
        Rule("bpf", .refuse(.notPermitted), "programs in the kernel see the node"),
        Rule("init_module", .refuse(.notPermitted), "modules are the node's"),
        Rule("finit_module", .refuse(.notPermitted), "modules are the node's"),
        Rule("delete_module", .refuse(.notPermitted), "modules are the node's"),
        Rule("kexec_load", .refuse(.notPermitted), "the kernel is the node's"),
        Rule("kexec_file_load", .refuse(.notPermitted), "the kernel is the node's"),
        Rule("syslog", .refuse(.notPermitted), "the kernel's messages are the node's, and not every node keeps them from users"),
    ]

    private static let mounts: [Rule] = [
        Rule(
            "mount", uses: "of a file system", when: [.argument(3, 0, of: onMounts | propagation)], .ask,
            "proc and sysfs are made with their covers, nfsd is EPERM, all else is the kernel's to do"),
        Rule(
            "mount", uses: "the same with MS_MGC_VAL", when: [.argument(3, magic, of: magicMask | onMounts)], .ask,
            "the propagation flags in it are no flags"),
        Rule(
            "umount2", uses: "without MNT_FORCE, MNT_DETACH, MNT_EXPIRE", when: [.argument(1, 0, of: 7)], .ask,
            "what was mounted with its covers goes with its covers; all else is the kernel's to do"),
        Rule("fsopen", .refuse(.noFunction), "its steps cannot be told from one another by whoever answers; programs go on with mount"),
    ]

    private static let numbers: [Rule] = [
        Rule("sysinfo", .ask, "memory, swap, load, uptime as `/proc` has them"),
        Rule(
            "sched_getaffinity", .ask,
            "where a quota decides which CPUs are seen, the mask is of those; else the kernel answers"),
        Rule(
            "sched_setaffinity", .ask,
            "where a quota decides, the mask is checked against those CPUs and nobody is pinned; else the kernel answers"),
    ]
}
