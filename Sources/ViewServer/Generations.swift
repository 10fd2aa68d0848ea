import Linux
import Synchronization
import SystemPackage
import Takeover
import Tree

/// The answers of one snapshot file of one view, one after the other. One of them may sit in the kernel's page cache,
/// shared by every handle opened as cached; a new one takes its place only when nobody can be in the middle of reading it.
///
/// All of it is in the vault as well: a worker that comes later goes on with the same answer and the same count of handles.
final class Generations: Sendable {
    struct Answer: Sendable {
        var length = 0
        /// CLOCK_MONOTONIC nanoseconds; nil before the first answer.
        var takenAt: Int64?
        /// Modification time to show, nanoseconds since 1970: another one for every answer.
        var stamp: Int64 = 0
    }

    fileprivate struct State {
        var answer = Answer()
        var record: Vault.Record?
        /// A handle that reads through the page cache last had to ask.
        var lastAsked: Int64 = 0
        /// The view is gone, and the records with it.
        var isGone = false
    }

    /// How the kernel's copy is brought up to date.
    enum Renewal: Equatable {
        /// Overwritten in place: no attributes and no content need asking for.
        case overwrite([UInt8])
        /// Dropped: there was none, or one too long to be overwritten.
        case drop
    }

    private enum Handle {
        static let cached: Int64 = 1
        static let direct: Int64 = 1 << 32
    }

    enum Opening {
        /// Read `answer` through the page cache.
        case cached
        /// The cached answer is too old and somebody may be reading it: this handle gets answers of its own.
        case direct
    }

    private enum Flag {
        /// Somebody has been given a newer answer directly.
        static let isOutdated: UInt64 = 1
        /// The answer is not yet the one in the kernel's cache.
        static let isUntold: UInt64 = 2
        /// The answer was told in a reply, which the kernel drops when that of another request has overtaken it.
        static let isUnsure: UInt64 = 4
    }

    private let state: Mutex<State>
    private let records: Records
    private let item: Item
    /// Handles that are open: cached ones in the lower half, direct ones in the upper.
    private let handles: Cell
    private let lastOpened: Cell
    private let flags: Cell

    /// A cached handle open for longer is taken to be one that is read again and again from the start (top, vmstat), once a second or
    /// less often.
    static let longReader: Int64 = 900_000_000
    /// Such handles begin a new pass when none has read for so long.
    static let pause: Int64 = 50_000_000
    /// Who never pauses gets a new answer all the same, at this age.
    static let oldest: Int64 = 3_000_000_000

    /// `file` and `answer` are the records of a worker before this one. ENOMEM when there is no room for a record.
    init(_ records: Records, view: Int, place: Place, file: Vault.Record? = nil, answer: Vault.Record? = nil) throws(Errno) {
        guard let file = file ?? records.put([], Item(.file, view: view, place: place)) else { throw .noMemory }
        self.records = records
        item = Item(.answer, view: view, place: place)
        handles = records.vault.cell(0, of: file)
        lastOpened = records.vault.cell(1, of: file)
        flags = records.vault.cell(2, of: file)
        var known = State()
        if let answer {
            var packed = Unpacker(records.vault.bytes(of: answer))
            known.record = answer
            known.answer.takenAt = packed.signed()
            known.answer.stamp = packed.signed() ?? 0
            known.answer.length = packed.bytes().count
        }
        // Nobody knows which answer the kernel has: the next open tells it of a new one.
        if flags.value & Flag.isUntold != 0 { known.answer.takenAt = nil }
        state = Mutex(known)
    }

    /// Opens the file. When a new answer is due and the file is open nowhere, `renew` replaces the old one in the kernel's
    /// cache; with no handle open no read of it can be under way, so that cannot wait for us. A direct handle counts too: it can
    /// be mapped, and then its reads fill the same cache.
    func open(
        now: Int64, freshness: Int64, wallClock: Int64, slot: RequestSlot, render: () throws(Errno) -> [UInt8], renew: (Renewal) -> Void
    ) throws(Errno) -> Opening {
        try state.withLock { state throws(Errno) in
            if state.isGone { throw .noSuchFileOrDirectory }
            // A worker before this one opened it and died before it could say so, or just after.
            if let change = slot.change(of: handles) { return change == Handle.direct ? .direct : .cached }
            let isFresh =
                flags.value & (Flag.isOutdated | Flag.isUnsure) == 0 && state.answer.takenAt.map { now - $0 <= freshness } ?? false
            if !isFresh {
                guard handles.value == 0 else {
                    slot.add(Handle.direct, to: handles)
                    return .direct
                }
                let bytes = try render()
                let old = state.answer
                // A new time would make the kernel drop what it is given. What is longer than we know would keep its end.
                let canOverwrite =
                    old.takenAt != nil && old.length > 0 && bytes.count >= old.length && flags.value & Flag.isUnsure == 0
                let known = flags.value
                flags.value = Flag.isUntold
                guard replace(&state, bytes, now: now, stamp: canOverwrite ? old.stamp : max(wallClock, old.stamp + 1)) else {
                    // Nowhere to keep it: this handle gets answers of its own, which are given without as well.
                    flags.value = known
                    slot.add(Handle.direct, to: handles)
                    return .direct
                }
                renew(canOverwrite ? .overwrite(bytes) : .drop)
                flags.value = 0
            }
            slot.add(Handle.cached, to: handles)
            lastOpened.value = UInt64(clamping: now)
            return .cached
        }
    }

    /// Opens the file for a handle that is written to, which must not fill the page cache.
    func openDirect(_ slot: RequestSlot) throws(Errno) {
        try state.withLock { state throws(Errno) in
            if state.isGone { throw .noSuchFileOrDirectory }
            slot.add(Handle.direct, to: handles)
        }
    }

    func close(_ opening: Opening, _ slot: RequestSlot) {
        state.withLock { state in
            if !state.isGone { slot.add(-(opening == .direct ? Handle.direct : Handle.cached), to: handles) }
        }
    }

    /// A direct answer has been computed: who gets it must not see an older one when it opens the file again.
    func outdate() { state.withLock { if !$0.isGone { flags.value |= Flag.isOutdated } } }

    /// The view goes: its records are somebody else's from now on. Waits for who is computing an answer.
    func retire() { state.withLock { $0.isGone = true } }

    /// The same without waiting; false when somebody is.
    func retireIfIdle() -> Bool { state.withLockIfAvailable { $0.isGone = true } != nil }

    /// Lets go of records once nobody uses them any more: at once, or when the last answer to files that go has been computed.
    static func whenIdle(_ files: [Generations], _ letGo: @escaping @Sendable () -> Void) {
        let busy = files.filter { !$0.retireIfIdle() }
        if busy.isEmpty { return letGo() }
        // What cannot be let go of for want of a thread the next worker lets go of.
        try? Threads.start(stack: 256 << 10) {
            for file in busy { file.retire() }
            letGo()
        }
    }

    /// The answer in the page cache.
    var current: Answer { state.withLock { $0.answer } }

    /// Its content. Kept in the vault only: the kernel asks for it once, if at all.
    var content: [UInt8] {
        state.withLock { state in
            guard let record = state.record, !state.isGone else { return [] }
            var packed = Unpacker(records.vault.bytes(of: record))
            _ = packed.signed()
            _ = packed.signed()
            return packed.bytes()
        }
    }

    /// The cached answer, and the nanoseconds its attributes hold: to the end of its first 0.9 s and no further, whoever asks, or
    /// somebody's stat(2) would keep a handle that is read again and again from ever asking.
    func attributes(now: Int64) -> (Answer, Int64) { state.withLock { ($0.answer, Generations.validity(of: $0.answer, now)) } }

    /// The same for a handle that reads through the page cache, asking because what the kernel has is old. When all such handles
    /// have been open for long and none is in the middle of a pass they get a new answer, which the changed modification time
    /// makes the kernel read.
    func refresh(
        now: Int64, wallClock: Int64, render: () throws(Errno) -> [UInt8]
    ) throws(Errno) -> (Answer, Int64) {
        try state.withLock { state throws(Errno) in
            if state.isGone { throw .noSuchFileOrDirectory }
            let age = state.answer.takenAt.map { now - $0 } ?? .max
            // Until its attributes ran out the answer was read without asking: a pass may have begun just before.
            let lastRead = max(state.lastAsked, state.answer.takenAt.map { $0 + Generations.longReader } ?? 0)
            let isPaused = now - lastRead > Generations.pause || age > Generations.oldest
            state.lastAsked = now
            if age > Generations.longReader, isPaused, now - Int64(clamping: lastOpened.value) > Generations.longReader {
                let bytes = try render()
                let known = flags.value
                flags.value |= Flag.isUnsure
                let isKept = replace(&state, bytes, now: now, stamp: max(wallClock, state.answer.stamp + 1))
                flags.value = isKept ? Flag.isUnsure : known
            }
            return (state.answer, Generations.validity(of: state.answer, now))
        }
    }

    private static func validity(of answer: Answer, _ now: Int64) -> Int64 {
        answer.takenAt.map { min(longReader, max(0, $0 + longReader - now)) } ?? 0
    }

    /// False, and nothing changed, when there is no room for it.
    private func replace(_ state: inout State, _ bytes: [UInt8], now: Int64, stamp: Int64) -> Bool {
        var packed = Packer()
        packed.add(now)
        packed.add(stamp)
        packed.add(bytes)
        guard let record = records.put(packed.bytes, item, replacing: state.record) else { return false }
        state.record = record
        state.answer = Answer(length: bytes.count, takenAt: now, stamp: stamp)
        return true
    }
}
