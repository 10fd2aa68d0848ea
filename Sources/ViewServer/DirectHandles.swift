import Synchronization
import SystemPackage

/// Open files whose every read is a request: each keeps the answer it is reading, from its first byte to its end.
final class DirectHandles: Sendable {
    fileprivate struct Handle {
        var bytes: [UInt8]?
        var order: UInt64 = 0
    }

    fileprivate struct State {
        var handles: [UInt64: Handle] = [:]
        var next: UInt64 = 1
        var held = 0
        var clock: UInt64 = 0
        /// Answers in the order they were given, those let go of since included.
        var given: [(handle: UInt64, order: UInt64)] = []
        var oldest = 0
    }

    private let state = Mutex(State())

    /// Answers held at once for one connection. Beyond it the oldest reader starts over: what a sandbox can open
    /// without end must not cost the node memory without end.
    static let most = 1024

    /// Handle 0 is every cached one.
    func open() -> UInt64 {
        state.withLock { state in
            let handle = state.next
            state.next += 1
            state.handles[handle] = Handle()
            return handle
        }
    }

    func close(_ handle: UInt64) {
        state.withLock { state in
            if state.handles.removeValue(forKey: handle)?.bytes != nil { state.held -= 1 }
        }
    }

    /// The answer a read at `offset` belongs to: a new one from the start, the same one after it.
    func bytes(of handle: UInt64, offset: Int, render: () throws(Errno) -> [UInt8]) throws(Errno) -> [UInt8] {
        if offset > 0, let bytes = state.withLock({ $0.handles[handle]?.bytes }) { return bytes }
        let bytes = try render()
        state.withLock { state in
            guard var known = state.handles[handle] else { return }
            if known.bytes == nil { state.held += 1 }
            state.clock += 1
            known.bytes = bytes
            known.order = state.clock
            state.handles[handle] = known
            state.given.append((handle, state.clock))
            if state.given.count > 4 * DirectHandles.most { state.forgetGone() }
            if state.held > DirectHandles.most { state.forgetOldest() }
        }
        return bytes
    }
}

extension DirectHandles.State {
    /// The handle still holds the answer it was given then.
    private func holds(_ entry: (handle: UInt64, order: UInt64)) -> Bool {
        guard let known = handles[entry.handle] else { return false }
        return known.order == entry.order && known.bytes != nil
    }

    /// Takes constant time over many calls, however many handles are open.
    fileprivate mutating func forgetOldest() {
        while oldest < given.count {
            let entry = given[oldest]
            oldest += 1
            guard holds(entry) else { continue }
            handles[entry.handle]?.bytes = nil
            held -= 1
            return
        }
    }

    fileprivate mutating func forgetGone() {
        given = given[oldest...].filter(holds)
        oldest = 0
    }
}
