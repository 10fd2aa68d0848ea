import Linux
import SystemPackage
import Text
import Tree

/// The tasks of a cgroup and everything below it, and what they are doing.
///
/// The kernel lists them at once, but the state of each is a file of its own. So a count that takes too long stops, and the next one
/// goes on from there: a task is doing what it did when it was last looked at.
struct TaskCount {
    /// What a view with more tasks would see.
    static let mostTasks = 32768

    private(set) var total = 0
    /// State letters of the `total` tasks looked at last, the longest ago first.
    private var states: [UInt8] = []
    /// Where the next count begins, how many tasks come before that, and how many there were when the end was last reached.
    private var next = Place()
    private var passed = 0
    private var whole = 0

    var running: Int { states.count { $0 == UInt8(ascii: "R") } }
    var blocked: Int { states.count { $0 == UInt8(ascii: "D") } }

    /// Looks at all tasks, or until `isLate` says so, but never at fewer than `TaskWalk.least` of them. ENODEV when the cgroup is gone.
    mutating func update(_ cgroup: Directory, node proc: Directory, isLate: @escaping () -> Bool = { false }) throws(Errno) {
        var walk = TaskWalk(proc, isLate: isLate)
        do throws(Errno) {
            try walk.visit(cgroup, [], from: next)
            passed += walk.states.count
            if walk.stop == nil {
                whole = passed
                let looked = walk.states.count
                try walk.begin(cgroup, to: next)
                passed = walk.states.count - looked
            }
        } catch { throw error == .noSuchFileOrDirectory ? .noDevice : error }
        if let stop = walk.stop {
            let known = try CgroupPath.read(.pidsCurrent, cgroup).flatMap { Digits.parse(file: $0) }
            total = known.map { Int(clamping: $0) } ?? max(whole, passed + walk.unlooked)
            next = stop
        } else {
            total = walk.states.count
        }
        total = min(total, TaskCount.mostTasks)
        states += walk.states
        states.removeFirst(max(0, states.count - total))
    }

    /// Tasks of a cgroup come before those of its children, children in the order of their names.
    struct Place: Equatable {
        /// Names from the view's cgroup down.
        var path: [String] = []
        var task = 0
    }
}

/// One way through the tasks of a cgroup, from a place to the end or to another place.
private struct TaskWalk {
    /// Steps that are taken however late it is: without them a count would never come to its end.
    static let least = 64
    private static let mostDirectories = 4096
    private static let deepest = 64

    private(set) var states: [UInt8] = []
    /// Where it had to stop.
    private(set) var stop: TaskCount.Place?
    /// Tasks listed there that it has not come to.
    private(set) var unlooked = 0
    /// Where it is to stop, and whether it has come there.
    private var end: TaskCount.Place?
    private var isThere = false
    private var steps = 0
    private var directories = 0
    private var tooLate = false
    private let proc: Directory
    private let isLate: () -> Bool

    init(_ proc: Directory, isLate: @escaping () -> Bool) {
        self.proc = proc
        self.isLate = isLate
    }

    /// From the beginning to where it began.
    mutating func begin(_ cgroup: Directory, to end: TaskCount.Place) throws(Errno) {
        self.end = end
        try visit(cgroup, [], from: TaskCount.Place())
    }

    mutating func visit(_ cgroup: Directory, _ path: [String], from start: TaskCount.Place) throws(Errno) {
        let first = start.path.count > path.count ? start.path[path.count] : nil
        if first == nil { try look(at: cgroup, path, from: start.task) }
        guard stop == nil, !isThere, path.count < TaskWalk.deepest else { return }
        for name in try cgroup.directories().sorted() {
            if let first, name < first { continue }
            let child = path + [name]
            if let end, end.path.lexicographicallyPrecedes(child) {
                isThere = true
                return
            }
            // Where the last count has stopped it goes on, late or not.
            if name != first, !step() {
                stop = TaskCount.Place(path: child)
                return
            }
            do throws(Errno) {
                try visit(cgroup.directory(name), child, from: name == first ? start : TaskCount.Place())
            } catch {
                // A child that went away meanwhile has no tasks.
                guard error == .noSuchFileOrDirectory || error == .noDevice else { throw error }
            }
            if stop != nil || isThere { return }
        }
    }

    private mutating func look(at cgroup: Directory, _ path: [String], from first: Int) throws(Errno) {
        isThere = end?.path == path
        let last = isThere ? end?.task ?? 0 : .max
        guard last > 0 else { return }
        directories += 1
        guard let threads = try CgroupPath.read(.threads, cgroup, limit: 8 << 20) else { return }
        var task = -1
        for line in Lines(threads) {
            guard let id = Digits.parse(line), id > 0 else { continue }
            task += 1
            if task < first { continue }
            if task >= last { return }
            if stop != nil {
                unlooked += 1
            } else if step() {
                if let state = TaskWalk.state(of: id, proc) { states.append(state) }
            } else {
                stop = TaskCount.Place(path: path, task: task)
                unlooked = 1
            }
        }
    }

    /// Whether there is time for one more task or cgroup.
    private mutating func step() -> Bool {
        steps += 1
        if steps > TaskWalk.least, steps % 16 == 0, !tooLate { tooLate = isLate() }
        return !tooLate && states.count < TaskCount.mostTasks && directories < TaskWalk.mostDirectories
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
