import Linux
import Synchronization
public import SystemPackage

/// A fixed number of threads that serve any number of connections through one epoll: each ready connection gets one
/// request a turn. Lock order: none is held while a request is handled.
public final class Workers: Sendable {
    private let epoll: Epoll
    private let connections = Mutex<[UInt64: Connection]>([:])
    private let next = Atomic<UInt64>(1)
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
            try epoll.add(connection.descriptor, key: key)
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
            guard let key = epoll.wait(), let connection = connections.withLock({ $0[key] }) else { continue }
            if case .ended = unsafe connection.handleOne(buffer) {
                remove(key)
                ended(key)
            }
        }
    }
}
