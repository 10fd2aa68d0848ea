import CLinux
import Glibc
import Linux
import Synchronization
import SystemPackage

/// Running other programs. Any thread may: nothing here forks without executing.
enum Command {
    struct Outcome: Sendable {
        /// As a shell has it; nil when it was killed because its time was over.
        let status: Int32?
        let output: String
        let errors: String

        var summary: String {
            let last = (errors.isEmpty ? output : errors).split(separator: "\n").suffix(2).joined(separator: " | ")
            return "\(status.map { "status \($0)" } ?? "killed: out of time"): \(last)"
        }
    }

    private static let number = Atomic<Int>(0)

    /// Runs a program to its end. Output and errors go to files in `scratch`, so that what outlives the program keeps nobody waiting.
    static func run(_ words: [String], scratch: String, environment: [String] = [], seconds: Int = 60) throws -> Outcome {
        let path = "\(scratch)/output-\(number.wrappingAdd(1, ordering: .relaxed).newValue)"
        let pid = try spawn(words, environment: environment, output: path, errors: path + ".errors")
        defer { for file in [path, path + ".errors"] { _ = unsafe unlink(file) } }
        var status: Int32?
        // Not reaped before, so the pid is still that of the program.
        if let pidfd = try? Processes.openPidfd(pid), (try? Poll.readable([pidfd.raw], milliseconds: CInt(seconds * 1000))) == [true] {
            status = try Processes.wait(pid).status
        } else {
            kill(-pid, SIGKILL)
            _ = try? Processes.wait(pid)
        }
        func text(_ path: String) -> String { String(decoding: (try? Files.read(path)) ?? [], as: UTF8.self) }
        return Outcome(status: status, output: text(path), errors: text(path + ".errors"))
    }

    /// In a process group of its own: a terminal's Ctrl-C is ours alone.
    private static func spawn(_ words: [String], environment: [String], output: String, errors: String) throws -> Int32 {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        unsafe posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var mask = sigset_t()
        unsafe sigemptyset(&mask)
        unsafe posix_spawnattr_setsigmask(&attributes, &mask)
        unsafe posix_spawnattr_setpgroup(&attributes, 0)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK))
        let arguments = unsafe words.map { unsafe strdup($0) } + [nil]
        let variables = unsafe (Processes.environment + environment).map { unsafe strdup($0) } + [nil]
        defer { unsafe (arguments + variables).forEach { unsafe free($0) } }
        var pid: pid_t = 0
        let failure = unsafe posix_spawn(
            &pid, words[0], &actions, &attributes, arguments, variables)
        guard failure == 0 else { throw Trouble("starting \(words[0]): \(Errno(rawValue: failure))") }
        return pid
    }
}

/// A directory of this run's own.
enum Scratch {
    static func make() throws -> String {
        var template = Array("/tmp/vnode-load.XXXXXX".utf8CString)
        guard unsafe template.withUnsafeMutableBufferPointer({ unsafe $0.baseAddress.flatMap { unsafe mkdtemp($0) } }) != nil else {
            throw Trouble("making a directory in /tmp: \(Errno(rawValue: errno))")
        }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// SIGINT, SIGTERM and SIGHUP as events: must be made before any thread is.
final class Interrupts {
    private let queue: OwnedFD
    private(set) var isRaised = false

    init() throws { queue = try Events.signals([SIGINT, SIGTERM, SIGHUP]) }

    /// Waits; true as soon as the run is to end.
    func wait(milliseconds: Int) -> Bool {
        if isRaised { return true }
        _ = try? Poll.readable([queue.raw], milliseconds: CInt(milliseconds))
        while Events.nextSignal(queue) != nil { isRaised = true }
        return isRaised
    }
}

/// Sleeps in pieces until the time is over or `isOver`.
func rest(seconds: Double, unless isOver: () -> Bool) {
    let end = Clock.monotonic + Int64(seconds * 1e9)
    while !isOver() {
        let left = end - Clock.monotonic
        if left <= 0 { return }
        usleep(useconds_t(min(left / 1000, 50_000)))
    }
}
