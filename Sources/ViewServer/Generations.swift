import Synchronization
import SystemPackage
import Tree

/// The answers of one snapshot file of one view, one after the other. One of them may sit in the kernel's page cache,
/// shared by every handle opened as cached; a new one takes its place only when nobody can be in the middle of reading it.
final class Generations: Sendable {
    struct Answer: Sendable {
        var bytes: [UInt8] = []
        /// CLOCK_MONOTONIC nanoseconds; nil before the first answer.
        var takenAt: Int64?
        /// Somebody has been given a newer answer directly.
        var isOutdated = false
        /// Modification time to show, nanoseconds since 1970: another one for every answer.
        var stamp: Int64 = 0
    }

    fileprivate struct State {
        var answer = Answer()
        var cachedHandles = 0
        var lastOpened: Int64 = 0
    }

    /// How the kernel's copy is brought up to date.
    enum Renewal: Equatable {
        /// Overwritten in place: no attributes and no content need asking for.
        case overwrite([UInt8])
        /// Dropped: there was none, or one too long to be overwritten.
        case drop
    }

    enum Opening {
        /// Read `answer` through the page cache.
        case cached
        /// The cached answer is too old and somebody may be reading it: this handle gets answers of its own.
        case direct
    }

    private let state = Mutex(State())

    /// A cached handle open for longer is taken to be one that is read again and again from the start (top, vmstat).
    static let longReader: Int64 = 1_000_000_000

    /// Opens the file. When a new answer is due and nobody holds the old one, `renew` replaces the old one in the kernel's
    /// cache; with no cached handle open no read of it can be under way, so that cannot wait for us.
    func open(
        now: Int64, freshness: Int64, wallClock: Int64, render: () throws(Errno) -> [UInt8], renew: (Renewal) -> Void
    ) throws(Errno) -> Opening {
        try state.withLock { state throws(Errno) in
            let isFresh = !state.answer.isOutdated && state.answer.takenAt.map { now - $0 <= freshness } ?? false
            if !isFresh {
                guard state.cachedHandles == 0 else { return .direct }
                let bytes = try render()
                let old = state.answer
                state.replace(bytes, now: now, wallClock: wallClock)
                if old.takenAt != nil, !old.bytes.isEmpty, bytes.count >= old.bytes.count {
                    // A new time would make the kernel drop what it is given.
                    state.answer.stamp = old.stamp
                    renew(.overwrite(bytes))
                } else {
                    renew(.drop)
                }
            }
            state.cachedHandles += 1
            state.lastOpened = now
            return .cached
        }
    }

    func close() { state.withLock { $0.cachedHandles = max(0, $0.cachedHandles - 1) } }

    /// A direct answer has been computed: who gets it must not see an older one when it opens the file again.
    func outdate() { state.withLock { $0.answer.isOutdated = true } }

    /// The answer in the page cache.
    var current: Answer { state.withLock { $0.answer } }

    /// The kernel asks for the attributes of an open handle because what it has is old. Handles that have all been open for
    /// long get a new answer, which the changed modification time makes the kernel read.
    func refresh(now: Int64, wallClock: Int64, render: () throws(Errno) -> [UInt8]) throws(Errno) -> Answer {
        try state.withLock { state throws(Errno) in
            let age = state.answer.takenAt.map { now - $0 } ?? .max
            if age > Generations.longReader, now - state.lastOpened > Generations.longReader {
                state.replace(try render(), now: now, wallClock: wallClock)
            }
            return state.answer
        }
    }
}

extension Generations.State {
    fileprivate mutating func replace(_ bytes: [UInt8], now: Int64, wallClock: Int64) {
        answer = Generations.Answer(bytes: bytes, takenAt: now, stamp: max(wallClock, answer.stamp + 1))
    }
}
