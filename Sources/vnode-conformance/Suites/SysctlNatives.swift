/// Sysctls of ours beside those of the kernel's that have the same handler and a namespace of their own: what is written to both must
/// come to the same.
enum Natives {
    struct Pair {
        let stored: String
        let native: String
        /// Written first, so that both begin alike.
        let begin: [String]
    }

    static let pairs: [(String, Pair)] = [
        (
            "proc_dointvec_minmax from 0 on",
            Pair(stored: "/proc/sys/vm/max_map_count", native: "/proc/sys/kernel/msgmax", begin: ["77\n"])
        ),
        (
            "proc_dointvec",
            Pair(stored: "/proc/sys/kernel/panic", native: "/proc/sys/net/ipv4/igmp_max_memberships", begin: ["77\n"])
        ),
        (
            "proc_doulongvec_minmax",
            Pair(stored: "/proc/sys/vm/admin_reserve_kbytes", native: "/proc/sys/kernel/shmall", begin: ["77\n"])
        ),
        (
            "proc_dointvec of four",
            Pair(stored: "/proc/sys/kernel/printk", native: "/proc/sys/kernel/sem", begin: ["10 20 3 4\n"])
        ),
    ]

    /// Writes each input to a newly opened file, in one go or in several; prints what that came to and what is read then.
    static let script = #"""
        import os, errno, sys
        path, begin = sys.argv[1], sys.argv[2].encode()
        inputs = [b"1", b"2\n", b" 3", b"4 5 6", b"+1", b"-", b"0x10", b"010", b"08", b"0x", b"", b"\n", b" \t\n", b"7\0", b"8\0\n", b"\0",
            b"9x", b"x9", b"10,11", b"11\t12\n", b"13\r\n", b"14\v", b"\v15", b"\xa016", b"1" * 20, b"1" * 21, b"1" * 22, b"1" * 4096,
            b"0" * 19 + b"1", b"0" * 20 + b"1", b"0" * 21 + b"1", b"4294967296", b"99999999999", b"18446744073709551616", b" " * 4094 + b"17",
            b" " * 4095 + b"18", b"19" + b" " * 5000, b"1 2 3 4 5", b"1 2 3 4 x", b"1 x", b"--1", b"- 1", b"1-1", b"20 ", b"21\n\n", b"1e3", b"1.5"]
        def attempt(what):
            try: return what()
            except OSError as e: return errno.errorcode[e.errno]
        def show(name):
            fd = os.open(path, os.O_RDONLY); print(name, os.read(fd, 4096)); os.close(fd)
        for value in inputs:
            fd = os.open(path, os.O_WRONLY); attempt(lambda: os.write(fd, begin)); os.close(fd)
            fd = os.open(path, os.O_WRONLY | os.O_TRUNC)
            if value: print(value[:24], len(value), attempt(lambda: os.write(fd, value)), os.lseek(fd, 0, os.SEEK_CUR))
            os.close(fd); show("then")
        fd = os.open(path, os.O_RDWR)
        for value in (b"31\n", b"32\n", b"x", b"33 34"):
            print("again", value, attempt(lambda: os.write(fd, value)), os.lseek(fd, 0, os.SEEK_CUR)); show("then")
        print("at 3", attempt(lambda: os.pwrite(fd, b"35\n", 3))); show("then")
        print("at 0", attempt(lambda: os.pwrite(fd, b"36\n", 0))); show("then")
        os.close(fd)
        fd = os.open(path, os.O_WRONLY | os.O_APPEND)
        print("appended", attempt(lambda: os.write(fd, b"37\n"))); show("then")
        os.close(fd)
        fd = os.open(path, os.O_WRONLY)
        print("vector", attempt(lambda: os.writev(fd, [b"4", b"1\n"]))); show("then")
        """#
}
