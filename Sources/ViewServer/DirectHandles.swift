import Synchronization
import SystemPackage
import Takeover

/// Open files whose every read is a request: each keeps the answer it is in the middle of. In the vault too: who is in the middle
/// when a worker dies reads on in the same answer.
final class DirectHandles: Sendable {
    fileprivate struct Handle {
        var bytes: [UInt8]
        /// The request it was computed for.
        var unique: UInt64
        var order: UInt64
        var record: Vault.Record?
    }

    fileprivate struct State {
        var handles: [UInt64: Handle] = [:]
        var next: UInt64
        var held = 0
        var clock: UInt64 = 0
        /// Answers in the order they were given, those let go of since included.
        var given: [(handle: UInt64, order: UInt64)] = []
        var oldest = 0
        /// Whose reads came through the page cache.
        var paged: Set<UInt64> = []
    }

    private let state: Mutex<State>
    private let records: Records

    /// Bytes of answers held for one connection, and answers. Beyond it the oldest reader starts over: what a sandbox can open
    /// without end must not cost the node memory without end.
    static let mostBytes = 1 << 20
    static let most = 16384

    /// Handles are 56 bits: role (2), generation of the worker (14), number (40). Not used twice, and never 0: that is every cached one.
    init(_ records: Records, role: Int, generation: UInt64) {
        self.records = records
        state = Mutex(State(next: UInt64(role & 3) << 54 | (generation & 0x3fff) << 40 | 1))
    }

    static func role(of handle: UInt64) -> Int { Int(handle >> 54 & 3) }

    /// An answer a worker before this one was giving.
    func restore(_ handle: UInt64, _ record: Vault.Record) {
        var packed = Unpacker(records.vault.bytes(of: record))
        guard let unique = packed.number() else { return }
        state.withLock { state in
            state.clock += 1
            state.take(handle, Handle(bytes: packed.bytes(), unique: unique, order: state.clock, record: record))
        }
    }

    func open() -> UInt64 {
        state.withLock { state in
            defer { state.next += 1 }
            return state.next
        }
    }

    /// A read that fills the page cache: of sendfile(2), splice(2), a mapping.
    func notePageRead(_ handle: UInt64) { state.withLock { if $0.paged.count < DirectHandles.most { $0.paged.insert(handle) } } }

    /// Answers whether it was read through the page cache.
    @discardableResult func close(_ handle: UInt64) -> Bool {
        let (gone, isPaged) = state.withLock { ($0.forget(handle), $0.paged.remove(handle) != nil) }
        if let record = gone?.record { records.remove(record) }
        return isPaged
    }

    /// The answer a read at `offset` belongs to: a new one from the start, the same one after it. The first read of an answer that
    /// is replayed may have been answered: it belongs to the same one too.
    func bytes(
        of handle: UInt64, offset: Int, for slot: RequestSlot, render: () throws(Errno) -> [UInt8]
    ) throws(Errno) -> [UInt8] {
        let unique = slot.unique
        if let known = state.withLock({ $0.handles[handle] }), offset > 0 || (slot.isReplayed && known.unique == unique) {
            return known.bytes
        }
        let bytes = try render()
        var packed = Packer()
        packed.add(unique)
        packed.add(bytes)
        // In one go: reads of one handle may come at the same time, and what replaces a record must be the only one that does.
        state.withLock { state in
            let old = state.handles[handle]?.record
            let record = records.put(packed.bytes, Item(.direct, handle: handle), replacing: old)
            if record == nil, let old { records.remove(old) }
            state.clock += 1
            state.take(handle, Handle(bytes: bytes, unique: unique, order: state.clock, record: record))
            for record in state.forgetTooMany() { records.remove(record) }
        }
        return bytes
    }
}

extension DirectHandles.State {
    fileprivate mutating func take(_ handle: UInt64, _ new: DirectHandles.Handle) {
        held -= handles[handle]?.bytes.count ?? 0
        held += new.bytes.count
        handles[handle] = new
        given.append((handle, new.order))
    }

    fileprivate mutating func forget(_ handle: UInt64) -> DirectHandles.Handle? {
        let gone = handles.removeValue(forKey: handle)
        held -= gone?.bytes.count ?? 0
        return gone
    }

    /// Takes constant time over many calls, however many handles are open.
    fileprivate mutating func forgetTooMany() -> [Vault.Record] {
        var gone: [Vault.Record] = []
        while (held > DirectHandles.mostBytes || handles.count > DirectHandles.most) && oldest < given.count {
            let entry = given[oldest]
            oldest += 1
            guard handles[entry.handle]?.order == entry.order else { continue }
            if let record = forget(entry.handle)?.record { gone.append(record) }
        }
        if given.count > 2 * DirectHandles.most {
            given = given[oldest...].filter { handles[$0.handle]?.order == $0.order }
            oldest = 0
        }
        return gone
    }
}
