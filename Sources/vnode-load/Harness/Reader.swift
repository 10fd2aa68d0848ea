import Glibc
import Linux
import LoadChecks
import Synchronization
import SystemPackage

/// When workers were killed and their successors came.
final class KillLog: Sendable {
    private let state = Mutex<[(from: Int64, to: Int64)]>([])

    func killed(at time: Int64) { state.withLock { $0.append((time, .max)) } }

    func recovered(at time: Int64) { state.withLock { if !$0.isEmpty { $0[$0.count - 1].to = time } } }

    var count: Int { state.withLock { $0.count } }

    func overlaps(_ begin: Int64, _ end: Int64) -> Bool {
        state.withLock { $0.reversed().prefix { $0.to >= begin }.contains { $0.from <= end } }
    }
}

/// What all readers of a run share.
final class Run: Sendable {
    /// Nanoseconds after which a read counts as hung.
    static let patience: Int64 = 10_000_000_000
    /// For how long the page cache may show one moment of a file.
    static let longPass: Int64 = 1_000_000_000

    let started = Clock.monotonic
    let kills = KillLog()
    private let over = Atomic<Bool>(false)
    private let known = Mutex<[Reader]>([])

    var isOver: Bool { over.load(ordering: .relaxed) }

    var readers: [Reader] { known.withLock { $0 } }

    func end() { over.store(true, ordering: .relaxed) }

    /// Starts a thread with a reader of its own.
    func start(_ body: @escaping @Sendable (Reader) -> Void) throws {
        let reader = Reader(self)
        known.withLock { $0.append(reader) }
        try Threads.start(stack: 1 << 20) {
            body(reader)
            reader.isDone.store(true, ordering: .releasing)
        }
    }

    /// Waits for the threads. Those that hang are counted and left to the end of the daemon.
    func join() {
        end()
        let end = Clock.monotonic + Run.patience + 2_000_000_000
        while Clock.monotonic < end, readers.contains(where: { !$0.isDone.load(ordering: .acquiring) }) {
            usleep(10_000)
            lookForHung()
        }
    }

    /// Counts reads that have not come back. To be called now and then.
    func lookForHung() { for reader in readers { reader.lookForHung() } }

    var tally: Tally { readers.reduce(into: Tally()) { $0.add($1.tally) } }

    func seconds(at time: Int64) -> Double { Double((time - started) / 10_000_000) / 100 }
}

/// One thread that reads files and counts what it finds.
final class Reader: Sendable {
    /// Examples kept a reader, the first of each kind and file.
    static let mostExamples = 8

    let run: Run
    let isDone = Atomic<Bool>(false)
    private let counts = Mutex(Tally())
    /// The pass under way. `isCounted`: as hung.
    private let current = Mutex<(target: Target, begin: Int64, step: Int, isCounted: Bool)?>(nil)
    /// When the last system call of the pass came back, and the longest of one, nanoseconds. A pass in small steps may take long.
    private let last = Atomic<Int64>(0)
    private let slowest = Atomic<Int64>(0)

    init(_ run: Run) { self.run = run }

    var tally: Tally { counts.withLock { $0 } }

    /// Opens, reads in steps, closes, checks.
    @discardableResult
    func pass(_ target: Target, step: Int) -> Bool {
        let floor = target.ledger.floor
        let begin = Clock.monotonic
        enter(target, begin, step)
        let bytes: [UInt8]
        var reads = 0
        do throws(Errno) {
            bytes = try whole(target, step: step, reads: &reads)
        } catch {
            return leave(target, begin, step, error)
        }
        let end = Clock.monotonic
        leave(target, begin, end, step, reads: reads, bytes: bytes.count, isHeld: false)
        return judge(target, bytes, floor: floor, begin, end, step)
    }

    /// Opens, reads once, closes, and looks at nothing but errors.
    func strike(_ target: Target) {
        let begin = Clock.monotonic
        do throws(Errno) {
            let file = try target.open()
            let raw = file.raw
            var word: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
            _ = try check(unsafe Glibc.read(raw, &word, 32))
        } catch {
            note("failed", target, error.name, 32, begin) { $0.failed += 1 }
        }
    }

    /// A handle that stays open. `body` gets it and answers what it read, from its first byte to its last, and when it began.
    func hold(_ target: Target, step: Int, _ body: (borrowing OwnedFD) throws(Errno) -> (bytes: [UInt8], begin: Int64)) -> Bool {
        let floor = target.ledger.floor
        let opened = Clock.monotonic
        enter(target, opened, step)
        let found: (bytes: [UInt8], begin: Int64)
        do throws(Errno) {
            let file = try target.open()
            found = try body(file)
        } catch {
            return leave(target, opened, step, error)
        }
        let end = Clock.monotonic
        leave(target, opened, end, step, reads: found.bytes.count / step + 1, bytes: found.bytes.count, isHeld: true)
        return judge(target, found.bytes, floor: floor, found.begin, end, step)
    }

    private func whole(_ target: Target, step: Int, reads: inout Int) throws(Errno) -> [UInt8] {
        let file = try target.open()
        return try read(file, step: step, reads: &reads)
    }

    /// Reads from the handle's position to its end.
    func read(_ file: borrowing OwnedFD, step: Int, reads: inout Int) throws(Errno) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(8192)
        var buffer = [UInt8](repeating: 0, count: step)
        let raw = file.raw
        while true {
            let size = unsafe buffer.withUnsafeMutableBytes { unsafe Glibc.read(raw, $0.baseAddress, $0.count) }
            cameBack()
            if size < 0 {
                let error = Errno(rawValue: errno)
                if error == .interrupted { continue }
                throw error
            }
            reads += 1
            if size == 0 { return bytes }
            bytes.append(contentsOf: buffer[..<size])
            // A file that never ends.
            if bytes.count > 8 << 20 { throw .fileTooLarge }
        }
    }

    /// Reads a handle that is never closed once more from its start, as top does. False when it is of no more use.
    func again(_ handle: LongHandle) -> Bool {
        let target = handle.target
        let begin = Clock.monotonic
        enter(target, begin, 65536)
        var reads = 0
        let bytes: [UInt8]
        do throws(Errno) {
            _ = try check(Int(lseek(handle.file.raw, 0, SEEK_SET)))
            setOut()
            bytes = try read(handle.file, step: 65536, reads: &reads)
        } catch {
            return leave(target, begin, 65536, error)
        }
        let end = Clock.monotonic
        leave(target, begin, end, 65536, reads: reads, bytes: bytes.count, isHeld: false)
        // It may see what is a second old, so others' reads are no floor for it.
        let isGood = judge(target, bytes, floor: handle.last, begin, end, 65536, isKeptOpen: true)
        guard isGood, let counters = try? target.kind.check(bytes, target.node.expectation) else { return !target.node.isLeaving }
        if counters != handle.last {
            handle.changedAt = end
        } else if target.kind == .uptime || target.kind == .stat, end - handle.changedAt > LongHandle.patience {
            let time = end - handle.changedAt
            counts.withLock { $0.longestFrozen = max($0.longestFrozen, time) }
            if !handle.isFrozen {
                handle.isFrozen = true
                note("frozen", target, "the same for \(duration(time))", 65536, begin, isKeptOpen: true) { $0.frozen += 1 }
            }
        }
        handle.last = counters
        return true
    }

    /// Marks a system call that may hang as begun, for what is no pass.
    func enter(_ target: Target, _ begin: Int64, _ step: Int) {
        last.store(begin, ordering: .relaxed)
        slowest.store(0, ordering: .relaxed)
        current.withLock { $0 = (target, begin, step, false) }
    }

    /// A system call has come back.
    func cameBack() {
        let now = Clock.monotonic
        slowest.max(now - last.exchange(now, ordering: .relaxed), ordering: .relaxed)
    }

    /// Time from here on is a system call's: what was before was something else.
    func setOut() { last.store(Clock.monotonic, ordering: .relaxed) }

    func lookForHung() {
        let now = Clock.monotonic
        let hung = current.withLock { current -> (Target, Int64, Int)? in
            guard let pass = current, !pass.isCounted, now - last.load(ordering: .relaxed) > Run.patience else { return nil }
            current?.isCounted = true
            return (pass.target, pass.begin, pass.step)
        }
        if let (target, begin, step) = hung { note("hung", target, "no answer after 10 s", step, begin) { $0.hung += 1 } }
    }

    /// The pass is over; whether a system call of it took too long.
    private func isOverdue() -> Bool {
        let time = slowest.load(ordering: .relaxed)
        let isCounted = current.withLock { current in
            defer { current = nil }
            return current?.isCounted ?? false
        }
        return time > Run.patience && !isCounted
    }

    private func leave(_ target: Target, _ begin: Int64, _ step: Int, _ error: Errno) -> Bool {
        cameBack()
        let end = Clock.monotonic
        if isOverdue() { note("hung", target, "\((end - begin) / 1_000_000) ms", step, begin) { $0.hung += 1 } }
        guard !target.node.isLeaving else {
            counts.withLock { $0.leaving += 1 }
            return false
        }
        let age = run.kills.overlaps(begin, end) ? ", with a worker killed meanwhile" : ""
        note("failed", target, "\(error.name)\(age)", step, begin) { $0.failed += 1 }
        return false
    }

    private func leave(_ target: Target, _ begin: Int64, _ end: Int64, _ step: Int, reads: Int, bytes: Int, isHeld: Bool) {
        let call = slowest.load(ordering: .relaxed)
        if isOverdue() { note("hung", target, "\((end - begin) / 1_000_000) ms", step, begin) { $0.hung += 1 } }
        let isAtKill = run.kills.overlaps(begin, end)
        counts.withLock { counts in
            counts.opens += 1
            counts.reads += reads
            counts.bytes += bytes
            counts.longestCall = max(counts.longestCall, call)
            if isAtKill { counts.callAtKill.add(call) }
            if isHeld { return }
            if step >= 5000 { counts.latency.add(end - begin) }
            counts.longest = max(counts.longest, end - begin)
            if isAtKill { counts.atKill.add(end - begin) }
        }
    }

    /// Checks what a pass has read. `begin` is when its first byte was asked for.
    private func judge(
        _ target: Target, _ bytes: [UInt8], floor: [UInt64], _ begin: Int64, _ end: Int64, _ step: Int, isKeptOpen: Bool = false
    ) -> Bool {
        let counters: [UInt64]
        do throws(Malformed) {
            counters = try target.kind.check(bytes, target.node.expectation)
        } catch {
            if target.isCached, end - begin > Run.longPass {
                counts.withLock { $0.stretched += 1 }
                return true
            }
            // What a vNode shows while its cgroup goes is of no interest to anybody.
            if target.node.isLeaving { return false }
            note(
                "malformed", target, "\(error) in \(quote(bytes, around: error.offset))\(killed(begin, end))", step, begin,
                isKeptOpen: isKeptOpen
            ) { $0.malformed += 1 }
            return false
        }
        if target.kind.isFixed {
            guard let fault = target.ledger.settle(fixed: bytes) else { return true }
            note("malformed", target, fault + killed(begin, end), step, begin, isKeptOpen: isKeptOpen) { $0.malformed += 1 }
            return false
        }
        guard let fault = target.ledger.settle(counters, over: floor) else { return true }
        if target.node.isLeaving { return false }
        note("backward", target, fault + killed(begin, end), step, begin, isKeptOpen: isKeptOpen) { $0.backward += 1 }
        return false
    }

    private func killed(_ begin: Int64, _ end: Int64) -> String { run.kills.overlaps(begin, end) ? ", with a worker killed meanwhile" : "" }

    private func quote(_ bytes: [UInt8], around offset: Int) -> String {
        let text = String(decoding: bytes[max(0, offset - 40)..<min(bytes.count, offset + 40)], as: UTF8.self)
        return "\"\(text.replacing("\n", with: "\\n"))\" (\(bytes.count) bytes)"
    }

    func note(
        _ kind: String, _ target: Target, _ what: String, _ step: Int, _ begin: Int64, isKeptOpen: Bool = false,
        _ count: (inout Tally) -> Void
    ) {
        let example = Example(
            kind: kind, vnode: target.node.name, file: target.name, what: what, step: step, isKeptOpen: isKeptOpen,
            seconds: run.seconds(at: begin))
        counts.withLock { counts in
            count(&counts)
            let isNew = !counts.examples.contains { $0.kind == kind && $0.file == target.name }
            if isNew, counts.examples.count < Reader.mostExamples { counts.examples.append(example) }
        }
    }
}

/// A file that stays open and is read again and again. Used by one thread.
final class LongHandle {
    /// Time always passes: what stands still for longer is not read anew.
    static let patience: Int64 = 5_000_000_000

    let target: Target
    let file: OwnedFD
    var last: [UInt64] = []
    var changedAt = Clock.monotonic
    var isFrozen = false

    init(_ target: Target) throws(Errno) {
        self.target = target
        file = try target.open()
    }
}
