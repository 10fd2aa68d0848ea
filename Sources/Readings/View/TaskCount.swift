import Linux
import SystemPackage
import Text
import Tree

/// The tasks of a cgroup and everything below it, and what they are doing.
struct TaskCount {
    /// Bounds of one count: what a view with more would see is the bound.
    static let mostTasks = 32768
    private static let mostDirectories = 4096
    private static let deepest = 64

    private(set) var total = 0
    private(set) var running = 0
    private(set) var blocked = 0
    private var directories = 0
    private var tooLate = false
    /// Directories are missing.
    private var isCut = false
    private let isLate: () -> Bool

    /// Once `isLate` says so, tasks are counted but no longer looked at, and no further directory is listed: how many tasks are in those
    /// the kernel knows, where it counts them.
    init(_ cgroup: Directory, node proc: Directory, isLate: @escaping () -> Bool = { false }) throws(Errno) {
        self.isLate = isLate
        try count(cgroup, proc, depth: 0)
        if isCut, let bytes = try? CgroupPath.read(.pidsCurrent, cgroup), let known = Digits.parse(file: bytes) {
            total = max(total, min(Int(clamping: known), TaskCount.mostTasks))
        }
    }

    private mutating func count(_ cgroup: Directory, _ proc: Directory, depth: Int) throws(Errno) {
        guard depth < TaskCount.deepest, directories < TaskCount.mostDirectories, total < TaskCount.mostTasks else { return }
        directories += 1
        lookAtClock()
        if let threads = try CgroupPath.read(.threads, cgroup, limit: 8 << 20) {
            for line in Lines(threads) {
                guard total < TaskCount.mostTasks else { return }
                guard let id = Digits.parse(line), id > 0 else { continue }
                if total % 16 == 0 { lookAtClock() }
                if tooLate { total += 1 } else { count(state: TaskCount.state(of: id, proc)) }
            }
        }
        if tooLate {
            isCut = true
            return
        }
        for name in try cgroup.directories() {
            if tooLate {
                isCut = true
                return
            }
            do {
                try count(cgroup.directory(name), proc, depth: depth + 1)
            } catch .noSuchFileOrDirectory, .noDevice {
                // A child that went away meanwhile has no tasks.
                continue
            }
        }
    }

    private mutating func lookAtClock() { if !tooLate { tooLate = isLate() } }

    private mutating func count(state: UInt8?) {
        guard let state else { return }
        total += 1
        if state == UInt8(ascii: "R") { running += 1 }
        if state == UInt8(ascii: "D") { blocked += 1 }
    }

    private static func state(of id: UInt64, _ proc: Directory) -> UInt8? {
        // The file of the thread: that of the process adds up the times of all its threads first.
        // The state stands behind the name, which is of 64 bytes at most.
        guard let bytes = try? Files.start(of: "\(id)/task/\(id)/stat", below: proc.raw, room: 512) else { return nil }
        return taskState(bytes)
    }
}

/// The state letter of a `/proc/<pid>/stat`. The name before it may hold anything, parentheses too: what counts is the last one.
func taskState(_ bytes: [UInt8]) -> UInt8? {
    guard let end = bytes.lastIndex(of: 0x29), end + 2 < bytes.count, bytes[end + 1] == 0x20 else { return nil }
    return bytes[end + 2]
}
