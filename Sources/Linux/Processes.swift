import CLinux
import Glibc
public import SystemPackage

/// Making, signalling and reaping child processes of a process with one thread.
public enum Processes {
    public struct Child: ~Copyable {
        public let pid: Int32
        public let pidfd: OwnedFD
    }

    /// How a child ended, as a shell says it: its status, or 128 and the signal.
    public struct Ending: Sendable, Equatable {
        public let status: CInt

        public init(waitStatus: CInt) {
            let signal = waitStatus & 0x7f
            status = signal == 0 ? (waitStatus >> 8) & 0xff : 128 + signal
        }
    }

    /// fork(2) with namespaces and a cgroup to be born in. `body` runs in the child, whose life ends with its answer.
    public static func fork(
        _ namespaces: Namespaces = [], cgroup: borrowing OwnedFD, _ body: () -> CInt
    ) throws(Errno) -> Child {
        try fork(namespaces, rawCgroup: cgroup.raw, body)
    }

    /// The same, for a child of the caller's parent.
    public static func forkSibling(_ namespaces: Namespaces, cgroup: borrowing OwnedFD, _ body: () -> CInt) throws(Errno) -> Child {
        try fork(namespaces, flags: 0x8000, rawCgroup: cgroup.raw, body)
    }

    public static func fork(_ namespaces: Namespaces = [], _ body: () -> CInt) throws(Errno) -> Child {
        try fork(namespaces, rawCgroup: -1, body)
    }

    private static func fork(
        _ namespaces: Namespaces, flags: UInt64 = 0, rawCgroup: CInt, _ body: () -> CInt
    ) throws(Errno) -> Child {
        var pidfd: CInt = -1
        let pid = try check(unsafe clinux_clone(UInt64(namespaces.rawValue) | flags, rawCgroup, &pidfd))
        if pid == 0 { _exit(body()) }
        return Child(pid: pid, pidfd: OwnedFD(taking: pidfd))
    }

    public static func openPidfd(_ pid: Int32) throws(Errno) -> OwnedFD {
        OwnedFD(taking: try check(clinux_pidfd_open(pid)))
    }

    public static func send(_ signal: CInt, to pidfd: borrowing OwnedFD) throws(Errno) {
        _ = try check(clinux_pidfd_send_signal(pidfd.raw, signal))
    }

    /// Waits for a child to end.
    public static func wait(_ pid: Int32) throws(Errno) -> Ending {
        var status: CInt = 0
        while true {
            let found = unsafe waitpid(pid, &status, 0)
            if found >= 0 { return Ending(waitStatus: status) }
            let error = Errno(rawValue: errno)
            if error != .interrupted { throw error }
        }
    }

    /// From now on orphans among the descendants become children of this process instead of the machine's first.
    public static func adoptOrphans() throws(Errno) { _ = try check(clinux_adopt_orphans()) }

    /// Waits for a child to end, reaping whatever other children end before it.
    public static func waitReapingOthers(_ pid: Int32) {
        var status: CInt = 0
        while true {
            let found = unsafe waitpid(-1, &status, 0)
            if found == pid || (found < 0 && errno != EINTR) { return }
        }
    }

    /// Replaces the program by that of an open file. Returns only with an error.
    public static func execute(_ program: borrowing OwnedFD, _ arguments: [String], environment: [String]) -> Errno {
        let argv = unsafe strings(arguments)
        let envp = unsafe strings(environment)
        _ = unsafe clinux_execveat(program.raw, argv, envp)
        return Errno(rawValue: errno)
    }

    // Never freed: the program is about to be replaced, or to end.
    private static func strings(_ list: [String]) -> UnsafeMutablePointer<UnsafeMutablePointer<CChar>?> {
        let array = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: list.count + 1)
        for (index, text) in list.enumerated() { unsafe array[index] = unsafe strdup(text) }
        unsafe array[list.count] = nil
        return unsafe array
    }

    /// The caller is killed when the thread that made it ends. Cleared by changes of credentials: call it after them.
    public static func dieWithParent() throws(Errno) { _ = try check(clinux_die_with_parent(SIGKILL)) }

    /// Takes on a user and group without supplementary groups.
    public static func become(uid: UInt32, gid: UInt32) throws(Errno) { _ = try check(clinux_become(uid, gid)) }

    /// Makes what the caller makes belong to a user, its capabilities kept.
    public static func act(as uid: UInt32) throws(Errno) { _ = try check(clinux_act_as(uid)) }

    /// Leaves the session keyring of whoever started the launcher. A kernel without keyrings has nothing to leave.
    public static func leaveSessionKeyring() throws(Errno) {
        do { _ = try check(clinux_new_session_keyring()) } catch { if error != .noFunction { throw error } }
    }

    /// As a program expects it that was not told otherwise.
    public static func unblockSignals() {
        var old: UInt64 = 0
        _ = unsafe clinux_set_mask(SIG_SETMASK, 0, &old)
    }

    /// `NAME=value` of this process.
    public static var environment: [String] {
        var list: [String] = []
        var at = unsafe environ
        while let entry = unsafe at.pointee {
            unsafe list.append(String(cString: entry))
            unsafe at += 1
        }
        return list
    }

    /// Closes every descriptor from `first` on.
    public static func closeAll(from first: CInt) { _ = clinux_close_range(UInt32(bitPattern: first), UInt32.max) }

    /// Closes every descriptor but these; what is read from or written to the standard ones is nobody's.
    public static func closeAll(but kept: [CInt]) {
        var next: CInt = 3
        for descriptor in kept.sorted() where descriptor >= next {
            if descriptor > next { _ = clinux_close_range(UInt32(bitPattern: next), UInt32(bitPattern: descriptor - 1)) }
            next = descriptor + 1
        }
        closeAll(from: next)
        guard let nowhere = try? Files.open("/dev/null", flags: O_RDWR) else { return closeAll(from: 0) }
        for standard in 0..<3 as Range<CInt> { _ = dup2(nowhere.raw, standard) }
    }

    /// Marks every descriptor from `first` on to be closed by the next program.
    public static func closeOnExecute(from first: CInt) { _ = clinux_close_range_on_exec(UInt32(bitPattern: first), UInt32.max) }

    /// A pipe: its reading and its writing end.
    public static func pipe() throws(Errno) -> (reading: CInt, writing: CInt) {
        var ends: [CInt] = [-1, -1]
        _ = try check(unsafe ends.withUnsafeMutableBufferPointer { unsafe clinux_pipe($0.baseAddress) })
        return (ends[0], ends[1])
    }

    /// Confines the caller and its future children to CPUs. EINVAL: none of them is online.
    public static func setAffinity(_ cpus: [Int]) throws(Errno) {
        var mask = [UInt64](repeating: 0, count: 128)
        for cpu in cpus where cpu >= 0 && cpu < 8192 { mask[cpu / 64] |= 1 << UInt64(cpu % 64) }
        _ = try check(unsafe mask.withUnsafeBytes { unsafe clinux_set_affinity(0, $0.count, $0.baseAddress) })
    }

    /// Field 22 of `/proc/<pid>/stat` below `procfs`: with the pid the name of a process that is never used twice.
    /// nil when there is no such process, or it is a zombie.
    public static func startTime(of pid: Int32, procfs: String = "/proc") -> UInt64? {
        guard let bytes = try? Files.read("\(procfs)/\(pid)/stat") else { return nil }
        return startTime(stat: String(decoding: bytes, as: UTF8.self))
    }

    static func startTime(stat: String) -> UInt64? {
        let fields = fields(stat: stat)
        guard fields.count > 19, fields[0] != "Z", fields[0] != "X" else { return nil }
        return UInt64(fields[19])
    }

    /// Whether it is on its way out, by field 9 of `/proc/<pid>/stat`: the first process of a PID namespace waits there for all others
    /// to end, when its own namespaces have gone already.
    public static func isExiting(_ pid: Int32) -> Bool {
        guard let bytes = try? Files.read("/proc/\(pid)/stat") else { return true }
        return isExiting(stat: String(decoding: bytes, as: UTF8.self))
    }

    static func isExiting(stat: String) -> Bool {
        let fields = fields(stat: stat)
        // PF_EXITING of include/linux/sched.h.
        guard fields.count > 6, let flags = UInt64(fields[6]) else { return true }
        return flags & 4 != 0
    }

    /// From field 3 on: what is before may have any character in it.
    private static func fields(stat: String) -> [Substring] {
        guard let end = stat.lastIndex(of: ")") else { return [] }
        return stat[stat.index(after: end)...].split(separator: " ")
    }
}
