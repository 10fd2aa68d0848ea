import Linux
import Synchronization
public import SystemPackage
public import Takeover

/// A fixed number of threads that serve any number of connections through one epoll: each ready connection gets one
/// request a turn. Lock order: none is held while a request is handled.
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
    private let observer: @Sendable () -> (Answered) -> Void

    /// Threads start with `start`; each has one of the slots.
    public init(count: Int, memory: SharedMemory, observer: @escaping @Sendable () -> (Answered) -> Void) throws(Errno) {
        epoll = try Epoll()
        self.observer = observer
        self.count = min(max(1, count), SharedMemory.mostSlots)
        slots = RequestSlot.all(memory)
        most = max(1, self.count - 1)
    }

    public func start() throws(Errno) {
        for slot in slots.prefix(count) {
            try Threads.start(stack: 512 << 10) { [self] in serve(slot) }
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
            next = nil
            guard let connection = connections.withLock({ $0[key] }) else { continue }
            next = serve(connection, slot, observe)
        }
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
        let outcome = connection.handle(slot)
        let end = Clock.monotonic
        observe(
            Answered(connection: connection.key, node: node, opcode: opcode, nanoseconds: end - start, outcome: outcome))
    }
}
