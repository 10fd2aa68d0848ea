import Synchronization

/// What the requests one worker thread answers add up to. Only that thread records, so its lock is free but for a collection.
public final class Recorder: Sendable {
    /// Entries from here on are not counted: nothing a caller passes makes it hold more.
    public static let mostEntries = 4096

    private struct Slot: Sendable {
        /// One more than the place of an entry's counters; 0 for an entry nobody asked for.
        var places: [UInt16] = []
        var counters: [FileCounters<UInt32>] = []

        mutating func place(of entry: Int) -> Int {
            if entry < places.count, places[entry] != 0 { return Int(places[entry]) - 1 }
            if entry >= places.count { places.append(contentsOf: repeatElement(0, count: entry + 1 - places.count)) }
            counters.append(FileCounters())
            places[entry] = UInt16(truncatingIfNeeded: counters.count)
            return counters.count - 1
        }

        func merge(into totals: inout [Int: FileCounters<UInt64>]) {
            for (entry, place) in places.enumerated() where place != 0 {
                totals[entry, default: FileCounters()].merge(counters[Int(place) - 1])
            }
        }
    }

    private struct State: Sendable {
        var slots: [Slot] = []
        var index: [UInt64: Int] = [:]
        var free: [Int] = []
        /// Requests of one vNode mostly follow each other: no hashing for these.
        var last: (vnode: UInt64, slot: Int)?
        var ended: [Int: FileCounters<UInt64>] = [:]

        mutating func slot(of vnode: UInt64) -> Int {
            if let last, last.vnode == vnode { return last.slot }
            let slot: Int
            if let known = index[vnode] {
                slot = known
            } else {
                if let reused = free.popLast() {
                    slot = reused
                } else {
                    slots.append(Slot())
                    slot = slots.count - 1
                }
                index[vnode] = slot
            }
            last = (vnode, slot)
            return slot
        }

        mutating func forget(_ vnode: UInt64) {
            guard let slot = index.removeValue(forKey: vnode) else { return }
            if last?.vnode == vnode { last = nil }
            slots[slot].merge(into: &ended)
            slots[slot] = Slot()
            free.append(slot)
        }
    }

    private let state = Mutex(State())

    init() {}

    /// Counts one answered request for an entry of the catalog. A negative time counts as 0.
    public func record(vnode: UInt64, entry: Int, nanoseconds: Int64, isRefill: Bool, isError: Bool) {
        guard entry >= 0, entry < Recorder.mostEntries else { return }
        state.withLock { state in
            let slot = state.slot(of: vnode)
            let place = state.slots[slot].place(of: entry)
            state.slots[slot].counters[place].record(nanoseconds: nanoseconds, isRefill: isRefill, isError: isError)
        }
    }

    /// Lets go of a vNode's counters; what they came to stays in the node's totals.
    func forget(vnode: UInt64) { state.withLock { $0.forget(vnode) } }

    func forgetAll(except vnodes: Set<UInt64>) {
        state.withLock { state in
            for vnode in state.index.keys where !vnodes.contains(vnode) { state.forget(vnode) }
        }
    }

    /// Copies nothing while it holds the lock: the thread that records copies what it changes before this is done.
    func collect(into counts: inout Counts) {
        let (slots, index, ended) = state.withLock { ($0.slots, $0.index, $0.ended) }
        for (vnode, slot) in index { slots[slot].merge(into: &counts.vnodes[vnode, default: [:]]) }
        for (entry, counters) in ended { counts.ended[entry, default: FileCounters()].merge(counters) }
    }
}

/// What all recorders counted, by entry of the catalog.
public struct Counts: Sendable, Equatable {
    public var vnodes: [UInt64: [Int: FileCounters<UInt64>]] = [:]
    /// Of vNodes that were forgotten. Without it the node's totals would fall, which is a restart to whoever watches them.
    public var ended: [Int: FileCounters<UInt64>] = [:]

    public init() {}

    /// By entry, over all vNodes there are and were.
    public var totals: [Int: FileCounters<UInt64>] {
        var totals = ended
        for files in vnodes.values {
            for (entry, counters) in files { totals[entry, default: FileCounters()].merge(counters) }
        }
        return totals
    }
}

/// The recorders of all worker threads. Takes about 220 bytes for each thread, vNode and file that was asked for at least once there.
/// Lock order: the list, then one recorder.
public final class Recorders: Sendable {
    private let all = Mutex<[Recorder]>([])

    public init() {}

    /// A recorder for one more thread, kept for good.
    public func add() -> Recorder {
        let recorder = Recorder()
        all.withLock { $0.append(recorder) }
        return recorder
    }

    /// Lets go of a vNode's counters. Call it when its last request was recorded: a later one would start them anew.
    public func forget(vnode: UInt64) {
        for recorder in all.withLock({ $0 }) { recorder.forget(vnode: vnode) }
    }

    /// The same for every vNode but these: for what was recorded after its vNode was forgotten.
    public func forgetAll(except vnodes: Set<UInt64>) {
        for recorder in all.withLock({ $0 }) { recorder.forgetAll(except: vnodes) }
    }

    public func collect() -> Counts {
        var counts = Counts()
        for recorder in all.withLock({ $0 }) { recorder.collect(into: &counts) }
        return counts
    }
}
