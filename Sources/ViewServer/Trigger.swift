import FuseKit
import Linux
import Synchronization
import SystemPackage
import Takeover

/// One trigger of the kernel's, and who is told when it fires.
final class Trigger: Sendable {
    let record: Vault.Record
    /// The request that set it.
    let unique: UInt64
    let view: Int
    private let file: OwnedFD
    private let watched: UInt64
    private let connection: InvalidationSlot
    private let cells: Mutex<Cells>

    private struct Cells {
        /// 1 when it has fired and nobody who polls has been told.
        let fired: Cell
        /// The kernel's name for the open file; 0 as long as nobody waits.
        let key: Cell
        /// The record goes: its place may be another's.
        var isGone = false
    }

    init(
        _ kept: PressureTriggers.Kept, _ record: Vault.Record, in records: Records, _ file: consuming OwnedFD,
        waking connection: InvalidationSlot
    ) throws(Errno) {
        let watch = try TriggerWatch.shared()
        let watched = watch.nextKey()
        self.record = record
        unique = kept.unique
        view = kept.view
        self.file = file
        self.watched = watched
        self.connection = connection
        cells = Mutex(Cells(fired: records.vault.cell(0, of: record), key: records.vault.cell(1, of: record)))
        try watch.add(self, self.file.raw, key: watched)
    }

    deinit { (try? TriggerWatch.shared())?.forget(watched) }

    /// The kernel's has fired.
    func fire() {
        cells.withLock { if !$0.isGone { $0.fired.value = 1 } }
        wake()
    }

    /// Who polls asks again.
    func wake() {
        let key = cells.withLock { $0.isGone ? 0 : $0.key.value }
        if key != 0 { connection.connection?.wake(key) }
    }

    /// Nothing is told from now on.
    func retire() { cells.withLock { $0.isGone = true } }

    /// Whether it has fired since this was asked last; nil when it is gone.
    func poll(key: UInt64?, _ slot: RequestSlot) -> Bool? {
        cells.withLock { cells in
            if cells.isGone { return nil }
            if let key { cells.key.value = key }
            // A request that is replayed has taken it already.
            if slot.change(of: cells.fired) != nil { return true }
            guard cells.fired.value != 0 else { return false }
            slot.add(-1, to: cells.fired)
            return true
        }
    }
}

/// The one thread that waits for the triggers of all vNodes. There is none before the first trigger.
final class TriggerWatch: Sendable {
    private struct Weak: Sendable { weak var trigger: Trigger? }

    private static let made = Mutex<TriggerWatch?>(nil)
    private let epoll: Epoll
    private let triggers = Mutex<[UInt64: Weak]>([:])
    private let next = Atomic<UInt64>(1)

    private init() throws(Errno) { epoll = try Epoll() }

    static func shared() throws(Errno) -> TriggerWatch {
        try made.withLock { made throws(Errno) in
            if let made { return made }
            let watch = try TriggerWatch()
            try Threads.start(stack: 256 << 10) { watch.wait() }
            made = watch
            return watch
        }
    }

    func nextKey() -> UInt64 { next.wrappingAdd(1, ordering: .relaxed).oldValue }

    /// Watches until the descriptor is closed.
    func add(_ trigger: Trigger, _ descriptor: CInt, key: UInt64) throws(Errno) {
        triggers.withLock { $0[key] = Weak(trigger: trigger) }
        try epoll.addUrgent(descriptor, key: key)
    }

    func forget(_ key: UInt64) { triggers.withLock { _ = $0.removeValue(forKey: key) } }

    private func wait() {
        while true {
            guard let key = epoll.wait() else { continue }
            triggers.withLock { $0[key] }?.trigger?.fire()
        }
    }
}
