import Glibc
import Linux
import Synchronization
import SystemPackage

/// Threads of their own that do something over and over: a read that hangs then keeps nobody else.
final class Readers: Sendable {
    private struct State {
        var faults: [String] = []
        var passes = 0
        var running = 0
    }

    private let state = Mutex(State())
    private let isOver = Atomic(false)

    var passes: Int { state.withLock { $0.passes } }
    var faults: [String] { state.withLock { $0.faults } }

    /// Starts a thread that repeats what `make` makes, until it throws or all are stopped.
    func start(_ make: @escaping @Sendable () -> () throws -> Void) throws {
        state.withLock { $0.running += 1 }
        try Threads.start(stack: 1 << 20) { [self] in
            let pass = make()
            var fault: String?
            while fault == nil, !isOver.load(ordering: .relaxed) {
                do { try pass() } catch { fault = "\(error)" }
                state.withLock { $0.passes += 1 }
            }
            state.withLock {
                $0.running -= 1
                if let fault { $0.faults.append(fault) }
            }
        }
    }

    /// Ends all, which takes no longer than one pass of each. What one of them did not like is thrown.
    func stop(within bound: Duration = .seconds(60)) async throws {
        isOver.store(true, ordering: .relaxed)
        try await eventually("every reader to end", within: bound) { state.withLock { $0.running == 0 } }
        if let fault = faults.first { throw Mismatch(expected: "every read to be right", got: fault) }
    }

    /// Until so many more passes have been made.
    func advance(_ count: Int = 20, within bound: Duration = .seconds(60)) async throws {
        let before = passes
        try await eventually("\(count) more reads", within: bound, got: { "\(passes - before), faults \(faults)" }) {
            passes - before >= count
        }
    }
}

/// What a single read(2) of another thread comes to.
final class Attempt: Sendable {
    struct Ending: Sendable {
        let text: String?
        let error: Errno?
        let after: Duration
    }

    private let ending = Mutex<Ending?>(nil)

    /// Reads a whole file.
    init(reading path: String) throws {
        let start = ContinuousClock.now
        try Threads.start(stack: 1 << 20) { [self] in
            var text: String?
            var failure: Errno?
            do throws(Errno) { text = try Files.text(path) } catch { failure = error }
            ending.withLock { $0 = Ending(text: text, error: failure, after: ContinuousClock.now - start) }
        }
    }

    var isOver: Bool { ending.withLock { $0 != nil } }

    func end(within bound: Duration = .seconds(60)) async throws -> Ending {
        try await eventually("an end of the read", within: bound) { isOver }
        return try unwrap(ending.withLock { $0 }, "an end", got: "none")
    }
}
