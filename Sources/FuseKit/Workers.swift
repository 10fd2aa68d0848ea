import Linux
import Synchronization
public import SystemPackage

/// A fixed number of threads that serve any number of connections through one epoll: each ready connection gets one
/// request a turn. Lock order: none is held while a request is handled.
public final class Workers: Sendable {
    private let epoll: Epoll
    private let connections = Mutex<[UInt64: Connection]>([:])
    private let next = Atomic<UInt64>(1)
    private let isLooking = Atomic(false)
    private let ended: @Sendable (UInt64) -> Void

    /// `ended` is called, on a worker, with the key of a connection that was unmounted or aborted.
    public init(count: Int, ended: @escaping @Sendable (UInt64) -> Void = { _ in }) throws(Errno) {
        epoll = try Epoll()
        self.ended = ended
        for _ in 0..<max(1, count) {
            try Threads.start(stack: 512 << 10) { [self] in serve() }
        }
    }

    /// Serves a connection until it ends or is removed; the key names it.
    public func add(_ connection: Connection) throws(Errno) -> UInt64 {
        let key = next.add(1, ordering: .relaxed).oldValue
        connections.withLock { $0[key] = connection }
        do {
            try epoll.addOnce(connection.descriptor, key: key)
        } catch {
            _ = connections.withLock { $0.removeValue(forKey: key) }
            throw error
        }
        return key
    }

    /// Stops serving it. Requests being handled are still answered.
    public func remove(_ key: UInt64) {
        guard let connection = connections.withLock({ $0.removeValue(forKey: key) }) else { return }
        epoll.remove(connection.descriptor)
    }

    private func serve() {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Connection.requestSize, alignment: 4096)
        while true {
            guard let key = nextReady(), let connection = connections.withLock({ $0[key] }) else { continue }
            switch unsafe connection.receive(buffer) {
            case .request(let size):
                // Before it is answered: another worker may take the connection's next request meanwhile.
                try? epoll.again(connection.descriptor, key: key)
                unsafe connection.handle(buffer, size: size)
            case .nothing:
                try? epoll.again(connection.descriptor, key: key)
            case .ended:
                remove(key)
                ended(key)
            }
        }
    }

    /// Waits for a connection to be ready. A reader's next request mostly follows its last within microseconds, sooner than a
    /// sleeping worker would wake up: one worker at a time keeps looking for that long.
    private func nextReady() -> UInt64? {
        if !isLooking.exchange(true, ordering: .acquiring) {
            defer { isLooking.store(false, ordering: .releasing) }
            let end = Clock.monotonic + Workers.look
            repeat {
                if let key = epoll.wait(milliseconds: 0) { return key }
            } while Clock.monotonic < end
        }
        return epoll.wait()
    }

    private static let look: Int64 = 30_000
}
