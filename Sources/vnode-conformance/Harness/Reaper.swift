import CLinux
import Glibc

/// The suite runs as a child of a process that does nothing but take in and bury orphans, as PID 1 of a machine does.
/// Whatever the suite has started is then found below that process, and no ended process is in the way of anything.
enum Reaper {
    private static let mark = "VNODE_CONFORMANCE_REAPER"

    /// Returns in the child only.
    static func split() {
        if unsafe getenv(mark) != nil {
            unsafe unsetenv(mark)
            clinux_die_with_parent(SIGTERM)
            return
        }
        unsafe setenv(mark, "1", 1)
        clinux_adopt_orphans()
        // Ctrl-C is the suite's: it ends first, then this does.
        for signal in [SIGINT, SIGTERM, SIGHUP] { Glibc.signal(signal, SIG_IGN) }
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        var defaults = sigset_t()
        unsafe sigfillset(&defaults)
        unsafe posix_spawnattr_setsigdefault(&attributes, &defaults)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))
        var child: pid_t = 0
        guard unsafe posix_spawn(&child, "/proc/self/exe", nil, &attributes, CommandLine.unsafeArgv, environ) == 0 else { exit(70) }
        while true {
            var status: Int32 = 0
            let ended = unsafe waitpid(-1, &status, 0)
            if ended == child { exit(status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f) }
        }
    }
}
