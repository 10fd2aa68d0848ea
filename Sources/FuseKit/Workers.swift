import Linux
import Synchronization
public import SystemPackage
public import Takeover

/// A fixed number of threads that serve any number of connections through one epoll: each ready connection gets one
/// request a turn. One that waits for something slow is stood in for. Lock order: none is held while a request is handled.
public final class Workers: Sendable {
    private let epoll: Epoll
    private let connections = Mutex<[UInt64: Connection]>([:])
    private let count: Int
    private let slots: [RequestSlot]
    /// Requests of one connection answered at once: not all threads are one vNode's, whatever it asks for.
    private let most: Int

    /// What a thread says of each request it has answered.
    public struct Answered {
        public let connection: UInt64
        public let node: UInt64
        public let opcode: UInt32
        public let nanoseconds: Int64
        public let outcome: Connection.Outcome
    }

    /// Makes one for each thread.
    private let observer: @Sendable () -> @Sendable (Answered) -> Void

    /// Threads that stand in for others.
    private struct StandIns {
        var wanted = 0
        var running = 0
        var free: [RequestSlot]

        mutating func end(_ slot: RequestSlot) {
            running -= 1
            free.append(slot)
        }

        /// Looked at and counted at once: whoever comes between would believe that it is still there.
        mutating func endOneTooMany(_ slot: RequestSlot) -> Bool {
            guard running > wanted else { return false }
            end(slot)
            return true
        }
    }
    private let standIns: Mutex<StandIns>
    private let ofStandIns: @Sendable (Answered) -> Void

    private static let stack = 512 << 10
    /// Threads of one connection that may wait while others of it are answered.
    private static let mostWaiting = 4

    /// Threads start with `start`; each has one of the slots.
    public init(count: Int, memory: SharedMemory, observer: @escaping @Sendable () -> @Sendable (Answered) -> Void) throws(Errno) {
        epoll = try Epoll()
        self.observer = observer
        self.count = min(max(1, count), SharedMemory.mostSlots)
        slots = RequestSlot.all(memory)
        standIns = Mutex(StandIns(free: Array(slots.dropFirst(self.count))))
        ofStandIns = observer()
        most = max(1, self.count - 1)
    }

    public func start() throws(Errno) {
        for slot in slots.prefix(count) {
            try Threads.start(stack: Workers.stack) { [self] in serve(slot) }
        }
    }

    /// Serves a connection, known by its key, until it ends or is removed.
    public func add(_ connection: Connection) throws(Errno) {
        connections.withLock { $0[connection.key] = connection }
        do {
            try epoll.addOnce(connection.descriptor, key: connection.key)
        } catch {
            _ = connections.withLock { $0.removeValue(forKey: connection.key) }
            throw error
        }
    }

    /// Stops serving it. Requests being handled are still answered.
    public func remove(_ key: UInt64) {
        guard let connection = connections.withLock({ $0.removeValue(forKey: key) }) else { return }
        connection.isRemoved.store(true, ordering: .relaxed)
        epoll.remove(connection.descriptor)
    }

    /// Another thread for as long as the answer is held, for one that is about to wait: others are not to wait with it. nil while requests
    /// are replayed, which is done one after the other. With as many as there are slots it is a thread less.
    public static func standIn() -> StandIn? {
        guard let turn = Turn.current, let workers = turn.workers else { return nil }
        // Nor are others of the same connection, but not all slots are to be one vNode's.
        if turn.connection.busy.load(ordering: .relaxed) <= mostWaiting { workers.arm(turn.connection) }
        return workers.standIn()
    }

    private func standIn() -> StandIn {
        let slot = standIns.withLock { all in
            all.wanted += 1
            guard all.running < all.wanted, let slot = all.free.popLast() else { return RequestSlot?.none }
            all.running += 1
            return slot
        }
        if let slot, (try? Threads.start(stack: Workers.stack) { [self] in standIn(with: slot) }) == nil {
            standIns.withLock { $0.end(slot) }
        }
        return StandIn { [self] in standIns.withLock { $0.wanted -= 1 } }
    }

    private func standIn(with slot: RequestSlot) {
        var next: UInt64?
        while next != nil || !standIns.withLock({ $0.endOneTooMany(slot) }) {
            guard let key = next ?? epoll.wait(milliseconds: 1000) else { continue }
            next = serve(key, slot, ofStandIns)
        }
    }

    public var served: Int { connections.withLock { $0.count } }

    /// Answers, one after the other, what the worker before this one has left unanswered. Before `start`.
    /// A request that is to blame for two deaths is answered EIO and handed to `poisoned`. How many were answered.
    public func replay(poisoned: (RequestSlot) -> Void) -> Int {
        // Reads first: telling the kernel of a change may have to wait for them.
        let left = slots.filter(\.isInFlight).sorted { $0.opcode == 15 && $1.opcode != 15 }
        for slot in left { slot.settle() }
        for slot in left {
            // Whoever waited on an aborted connection has been told already.
            guard let connection = connections.withLock({ $0[slot.connection] }), !connection.isEnded else {
                slot.end()
                continue
            }
            guard slot.blame < Blame.limit else {
                poisoned(slot)
                if connection.refuse(slot, 5) { slot.undo() }
                slot.end()
                continue
            }
            slot.isReplayed = true
            connection.handle(slot)
        }
        return left.count
    }

    private func serve(_ slot: RequestSlot) {
        let observe = observer()
        var next: UInt64?
        while true {
            guard let key = next ?? epoll.wait() else { continue }
            next = serve(key, slot, observe)
        }
    }

    /// A turn for a connection that is ready. Answers another one that is.
    private func serve(_ key: UInt64, _ slot: RequestSlot, _ observe: (Answered) -> Void) -> UInt64? {
        guard let connection = connections.withLock({ $0[key] }) else { return nil }
        return serve(connection, slot, observe)
    }

    /// Answers a request of a connection that is ready, and those that have come meanwhile, unless another connection is ready:
    /// which one.
    ///
    /// Without looking out for the next: a worker that sleeps is woken on the reader's own CPU, one that is awake on another
    /// makes the two wake each other across CPUs.
    private func serve(_ connection: Connection, _ slot: RequestSlot, _ observe: (Answered) -> Void) -> UInt64? {
        let others = connection.busy.add(1, ordering: .relaxed).oldValue
        defer { connection.busy.subtract(1, ordering: .relaxed) }
        // More requests wait, or may: nobody has looked and found none.
        var isCrowded = others > 0
        while true {
            switch connection.receive(slot) {
            case .request:
                // Before it is answered: another worker may take the connection's next request meanwhile.
                let isShared = isCrowded && others + 1 < most
                if isShared { arm(connection) }
                answer(connection, slot, observe)
                if isShared { return nil }
                isCrowded = true
            case .nothing:
                arm(connection)
                return nil
            case .ended:
                remove(connection.key)
                return nil
            }
            if connection.isRemoved.load(ordering: .relaxed) { return nil }
            if let other = epoll.wait(milliseconds: 0) {
                arm(connection)
                return other
            }
        }
    }

    private func arm(_ connection: Connection) { try? epoll.again(connection.descriptor, key: connection.key) }

    /// Answers the request in the slot.
    private func answer(_ connection: Connection, _ slot: RequestSlot, _ observe: (Answered) -> Void) {
        let (node, opcode) = (slot.node, slot.opcode)
        let start = Clock.monotonic
        let outcome = connection.handle(slot, by: self)
        let end = Clock.monotonic
        observe(
            Answered(connection: connection.key, node: node, opcode: opcode, nanoseconds: end - start, outcome: outcome))
    }
}

/// A thread that serves in place of another: see `Workers.standIn`.
public final class StandIn: Sendable {
    private let end: @Sendable () -> Void

    init(end: @escaping @Sendable () -> Void) { self.end = end }

    deinit { end() }
}
