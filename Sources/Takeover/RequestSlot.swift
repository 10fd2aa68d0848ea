import Glibc
import Linux

/// One worker thread's place for the FUSE request it is answering. The request is read straight into it, so that whoever comes
/// after a death finds it.
@safe public struct RequestSlot: Sendable {
    public static let requestSize = 16384

    private enum Field {
        static let connection = 0
        static let since = 8
        static let blame = 16
        static let isReplayed = 20
        static let effect = 24
        static let cell = 32
        static let before = 40
        static let delta = 48
        static let request = 4096
    }

    private enum Mark {
        static let none: UInt32 = 0
        static let pending: UInt32 = 1
        static let applied: UInt32 = 2
    }

    private let memory: SharedMemory
    private let start: Int

    public init(_ memory: SharedMemory, _ number: Int) {
        self.memory = memory
        start = SharedMemory.slots + min(max(0, number), SharedMemory.mostSlots - 1) * SharedMemory.slotSize
    }

    public static func all(_ memory: SharedMemory) -> [RequestSlot] { (0..<SharedMemory.mostSlots).map { RequestSlot(memory, $0) } }

    // MARK: Answering

    /// Before the request is read. After a death without one in between, `isInFlight` is false.
    public func begin(connection: UInt64) {
        end()
        memory.store64(start + Field.connection, connection)
        memory.store64(start + Field.since, UInt64(clamping: Clock.monotonic))
        memory.store32(start + Field.blame, 0)
        memory.store32(start + Field.isReplayed, 0)
        memory.store32(start + Field.effect, Mark.none)
    }

    /// The request is answered.
    public func end() { memory.store32(start + Field.request, 0) }

    /// Room for a request. fuse_in_header begins with its length: what was read is in flight, from read(2) on.
    @unsafe public var buffer: UnsafeMutableRawBufferPointer {
        unsafe UnsafeMutableRawBufferPointer(start: memory.at(start + Field.request), count: RequestSlot.requestSize)
    }

    public var isInFlight: Bool { memory.load32(start + Field.request) != 0 }

    // MARK: fuse_in_header

    /// Bytes, header included; nil when that cannot be.
    public var length: Int? {
        let length = Int(memory.load32(start + Field.request))
        return (40...RequestSlot.requestSize).contains(length) ? length : nil
    }

    public var opcode: UInt32 { memory.load32(start + Field.request + 4) }
    public var unique: UInt64 { memory.load64(start + Field.request + 8) }
    public var node: UInt64 { memory.load64(start + Field.request + 16) }

    /// Thread that asks, as the PID namespace of who mounted the connection numbers it; 0 from outside of it.
    public var caller: Int32 { Int32(bitPattern: memory.load32(start + Field.request + 32)) }

    /// Node uid of who asks.
    public var user: UInt32 { memory.load32(start + Field.request + 24) }

    /// The kernel's name for the open file of a POLL, whose fuse_poll_in begins with handle and this.
    public var pollKey: UInt64 { memory.load64(start + Field.request + 40 + 8) }

    public var connection: UInt64 { memory.load64(start + Field.connection) }

    /// CLOCK_MONOTONIC nanoseconds at which the thread turned to it.
    public var since: Int64 { Int64(clamping: memory.load64(start + Field.since)) }

    // MARK: Replaying

    /// Parts of a worker's death this request may be to blame for.
    public var blame: UInt32 {
        get { memory.load32(start + Field.blame) }
        nonmutating set { memory.store32(start + Field.blame, newValue) }
    }

    /// Adds to it. What is there may be anything: a worker that has run wild wrote it, and the supervisor reads it.
    public func addBlame(_ parts: UInt32) { blame = blame.addingSaturating(parts) }

    /// It is being replayed, alone: a death now is its own doing.
    public var isReplayed: Bool {
        get { memory.load32(start + Field.isReplayed) != 0 }
        nonmutating set {
            memory.store64(start + Field.since, UInt64(clamping: Clock.monotonic))
            memory.store32(start + Field.isReplayed, newValue ? 1 : 0)
        }
    }

    /// FUSE_READ_LOCKOWNER of a READ, whose fuse_read_in begins with handle, offset, size and flags: only read(2) sets it. What has
    /// none fills a page of the page cache.
    public var isPageRead: Bool { memory.load32(start + Field.request + 40 + 20) & 2 == 0 }

    // MARK: Effects that must not happen twice

    /// Adds to a number once for this request, however often it is replayed. Nobody else may change the number meanwhile: the
    /// caller holds a lock that its other users hold as well.
    public func add(_ delta: Int64, to cell: Cell) {
        if change(of: cell) != nil { return }
        let before = cell.value
        memory.store64(start + Field.cell, UInt64(cell.offset))
        memory.store64(start + Field.before, before)
        memory.store64(start + Field.delta, UInt64(bitPattern: delta))
        memory.store32(start + Field.effect, Mark.pending)
        cell.value = UInt64(clamping: Int64(clamping: before).addingSaturating(delta))
        memory.store32(start + Field.effect, Mark.applied)
    }

    /// What `add` has added for this request, in the life of a worker before this one; nil when nothing.
    public func change(of cell: Cell) -> Int64? {
        guard memory.load64(start + Field.cell) == UInt64(cell.offset), memory.load32(start + Field.effect) == Mark.applied else {
            return nil
        }
        return Int64(bitPattern: memory.load64(start + Field.delta))
    }

    /// Of every request in flight, before any is replayed: a worker that died in the middle of `add` died with the lock, so nobody
    /// else has changed the number since, and what it is now tells.
    public func settle() {
        guard memory.load32(start + Field.effect) == Mark.pending else { return }
        let offset = Int(clamping: memory.load64(start + Field.cell))
        guard offset >= SharedMemory.records, offset + 8 <= SharedMemory.size, offset % 8 == 0 else {
            return memory.store32(start + Field.effect, Mark.none)
        }
        let isDone = memory.load64(offset) != memory.load64(start + Field.before)
        memory.store32(start + Field.effect, isDone ? Mark.applied : Mark.none)
    }

    /// Takes back what `add` has added: the request has failed after all.
    public func undo() {
        let offset = Int(clamping: memory.load64(start + Field.cell))
        guard memory.load32(start + Field.effect) == Mark.applied, offset >= SharedMemory.records, offset + 8 <= SharedMemory.size,
            offset % 8 == 0
        else { return }
        let delta = Int64(bitPattern: memory.load64(start + Field.delta))
        memory.store64(offset, UInt64(clamping: Int64(clamping: memory.load64(offset)).addingSaturating(0 &- delta)))
        memory.store32(start + Field.effect, Mark.none)
    }
}

/// Whom a worker's death is blamed on.
public enum Blame {
    /// A request that gets here is answered EIO instead of being tried again.
    public static let limit: UInt32 = 8

    /// Twice is enough for a trap. A kill comes from outside, mostly: of the node's memory running out more rarely than of people.
    public static func weight(of signal: Int32) -> UInt32 {
        switch signal {
        case 0: 0
        case SIGKILL, SIGTERM, SIGINT, SIGHUP: 1
        default: 4
        }
    }

    /// Blames a death on the request that was being replayed, or on all in flight when none was. Of a worker that did not come to
    /// serving, requests that wait for their turn know nothing.
    public static func assign(_ slots: [RequestSlot], signal: Int32, hasServed: Bool = true) {
        let inFlight = slots.filter(\.isInFlight)
        let replayed = inFlight.filter(\.isReplayed)
        for slot in replayed.isEmpty && hasServed ? inFlight : replayed { slot.addBlame(weight(of: signal)) }
        // From now on nobody is at work on them.
        for slot in inFlight { slot.isReplayed = false }
    }

    /// The same of system calls that wait for an answer, those the dead worker had begun with. They are not tried again one at a time, as
    /// one may take as long as its caller likes: of several none is known to be the one, and each has a kill's part.
    public static func assign(_ slots: [NotificationSlot], signal: Int32) {
        let begun = slots.filter(\.isBegun)
        for slot in begun {
            slot.isBegun = false
            slot.blame = slot.blame.addingSaturating(begun.count == 1 ? weight(of: signal) : min(1, weight(of: signal)))
        }
    }
}
