import Glibc
import Synchronization

/// Records in shared memory, each written whole or not at all. A worker that dies at any instruction leaves a vault its
/// successor can read.
///
/// Every record belongs to an owner, and goes with it.
@safe public final class Vault: Sendable {
    /// Where a record is. Valid until it is replaced or removed.
    ///
    /// The place may be another record's by then: who comes too late changes nothing.
    public struct Record: Sendable, Hashable {
        let offset: Int
        let order: UInt64
    }

    public struct Found: Sendable {
        public let owner: UInt64
        public let item: UInt64
        public let record: Record
    }

    private enum Field {
        static let state = 0
        static let blocks = 4
        static let length = 8
        static let owner = 16
        static let item = 24
        static let order = 32
        static let cells = 40
        static let payload = 64
    }

    /// A block's first word is its state where a record begins, and 0 in every block that belongs to none.
    private enum Mark {
        static let free: UInt32 = 0
        static let valid: UInt32 = 0x7665_6331
        static let writing: UInt32 = 0x7665_6332
        static let freeing: UInt32 = 0x7665_6333
    }

    static let block = 128
    /// Sizes of records in blocks. Few of them, so that what one record leaves another one fits into.
    static let sizes = [
        1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096, 6144, 8192,
    ]
    public static let cells = 3
    /// Longest record, bytes.
    public static var longest: Int { (sizes.last ?? 1) * block - Field.payload }

    private struct State {
        var free: [Int: [Int]] = [:]
        /// Offsets of each one's records, in no order.
        var owners: [UInt64: [Int]] = [:]

        mutating func take(_ offset: Int, from owner: UInt64) -> Bool {
            guard let index = owners[owner]?.firstIndex(of: offset), let last = owners[owner]?.popLast() else { return false }
            if last != offset { owners[owner]?[index] = last }
            return true
        }
        var order: UInt64 = 1
    }

    public let memory: SharedMemory
    private let state = Mutex(State())

    /// New or left by a worker before: half-written records are taken away.
    public init(_ memory: SharedMemory) {
        self.memory = memory
        scan()
    }

    // MARK: Reading what is there

    /// Every record there is, or every one of an owner.
    public func found(of owner: UInt64? = nil) -> [Found] {
        state.withLock { state in
            (owner.map { state.owners[$0] ?? [] } ?? state.owners.values.flatMap { $0 }).sorted().map {
                Found(
                    owner: memory.load64($0 + Field.owner), item: memory.load64($0 + Field.item),
                    record: Record(offset: $0, order: memory.load64($0 + Field.order)))
            }
        }
    }

    public func bytes(of record: Record) -> [UInt8] {
        let room = Int(memory.load32(record.offset + Field.blocks)) * Vault.block - Field.payload
        let length = min(Int(memory.load32(record.offset + Field.length)), max(0, room))
        return unsafe [UInt8](UnsafeRawBufferPointer(start: memory.at(record.offset + Field.payload), count: length))
    }

    /// One of a record's `cells` numbers, 0 to begin with and changed in place.
    public func cell(_ index: Int, of record: Record) -> Cell {
        Cell(memory: memory, offset: record.offset + Field.cells + 8 * min(max(0, index), Vault.cells - 1))
    }

    // MARK: Writing

    /// From now on records can be put for this owner.
    public func open(owner: UInt64) { state.withLock { if $0.owners[owner] == nil { $0.owners[owner] = [] } } }

    /// Writes a record, in place of `old` if given. nil, and nothing changed, when the owner is gone or there is no room.
    public func put(_ bytes: [UInt8], owner: UInt64, item: UInt64, replacing old: Record? = nil) -> Record? {
        guard let size = Vault.size(of: bytes.count) else { return nil }
        let place = state.withLock { state -> (offset: Int, order: UInt64)? in
            guard state.owners[owner] != nil, let offset = allocate(size, &state) else { return nil }
            state.order &+= 1
            return (offset, state.order)
        }
        guard let place else { return nil }
        let offset = place.offset
        memory.store64(offset + Field.owner, owner)
        memory.store64(offset + Field.item, item)
        memory.store64(offset + Field.order, place.order)
        memory.store32(offset + Field.length, UInt32(bytes.count))
        for index in 0..<Vault.cells { memory.store64(offset + Field.cells + 8 * index, 0) }
        unsafe bytes.withUnsafeBytes { raw in
            if let base = raw.baseAddress { unsafe memory.at(offset + Field.payload).copyMemory(from: base, byteCount: raw.count) }
        }
        return state.withLock { state in
            guard state.owners[owner] != nil else {
                release(offset, &state)
                return nil
            }
            memory.store32(offset + Field.state, Mark.valid)
            state.owners[owner]?.append(offset)
            if let old, isStill(old), state.take(old.offset, from: owner) { release(old.offset, &state) }
            return Record(offset: offset, order: place.order)
        }
    }

    public func remove(_ record: Record, owner: UInt64) {
        state.withLock { state in
            if isStill(record), state.take(record.offset, from: owner) { release(record.offset, &state) }
        }
    }

    /// Removes the owner's records for which `isGone` holds of their item.
    public func remove(owner: UInt64, where isGone: (UInt64) -> Bool) {
        state.withLock { state in
            for offset in state.owners[owner] ?? [] where isGone(memory.load64(offset + Field.item)) {
                if state.take(offset, from: owner) { release(offset, &state) }
            }
        }
    }

    /// Removes an owner: nothing can be put for it any more.
    public func remove(owner: UInt64) {
        state.withLock { state in
            for offset in state.owners.removeValue(forKey: owner) ?? [] { release(offset, &state) }
        }
    }

    /// Bytes in records.
    public var used: Int {
        state.withLock { state in
            state.owners.values.joined().reduce(0) { $0 + Int(memory.load32($1 + Field.blocks)) * Vault.block }
        }
    }

    // MARK: -

    private func isStill(_ record: Record) -> Bool {
        memory.load32(record.offset + Field.state) == Mark.valid && memory.load64(record.offset + Field.order) == record.order
    }

    static func size(of bytes: Int) -> Int? {
        let blocks = (bytes + Field.payload + block - 1) / block
        return sizes.first { $0 >= blocks }
    }

    /// A place whose first word says that it is being written.
    private func allocate(_ size: Int, _ state: inout State) -> Int? {
        if let offset = takeFree(size, &state) {
            memory.store32(offset + Field.blocks, UInt32(size))
            memory.store32(offset + Field.state, Mark.writing)
            return offset
        }
        let offset = memory.top
        guard offset + size * Vault.block <= SharedMemory.size else { return nil }
        memory.top = offset + size * Vault.block
        memory.store32(offset + Field.blocks, UInt32(size))
        memory.store32(offset + Field.state, Mark.writing)
        return offset
    }

    /// A free place of that size, or the beginning of a larger one: a successor finds what its predecessors have left as few large
    /// places, and would otherwise go on behind them.
    private func takeFree(_ size: Int, _ state: inout State) -> Int? {
        for larger in Vault.sizes where larger >= size {
            guard let offset = state.free[larger]?.popLast() else { continue }
            offer(offset + size * Vault.block..<offset + larger * Vault.block, &state)
            return offset
        }
        return nil
    }

    private func release(_ offset: Int, _ state: inout State) {
        let size = Int(memory.load32(offset + Field.blocks))
        memory.store32(offset + Field.state, Mark.freeing)
        for block in 1..<max(1, size) { memory.store32(offset + block * Vault.block, Mark.free) }
        memory.store32(offset + Field.state, Mark.free)
        state.free[size, default: []].append(offset)
    }

    private func scan() {
        state.withLock { state in
            var at = SharedMemory.records
            let top = min(memory.top, SharedMemory.size)
            var newest: [Name: (offset: Int, order: UInt64)] = [:]
            var unfinished: [Int] = []
            var gap = at
            while at + Vault.block <= top {
                let mark = memory.load32(at + Field.state)
                let size = Int(memory.load32(at + Field.blocks))
                guard mark == Mark.valid || mark == Mark.writing || mark == Mark.freeing, Vault.sizes.contains(size),
                    at + size * Vault.block <= top
                else {
                    at += Vault.block
                    continue
                }
                keep(gap..<at, &state)
                if mark == Mark.valid {
                    let name = Name(owner: memory.load64(at + Field.owner), item: memory.load64(at + Field.item))
                    let order = memory.load64(at + Field.order)
                    state.order = max(state.order, order)
                    if let other = newest[name] {
                        // Died between writing the one and freeing the other.
                        unfinished.append(other.order < order ? other.offset : at)
                        if other.order < order { newest[name] = (at, order) }
                    } else {
                        newest[name] = (at, order)
                    }
                } else {
                    unfinished.append(at)
                }
                at += size * Vault.block
                gap = at
            }
            keep(gap..<at, &state)
            for (name, place) in newest { state.owners[name.owner, default: []].append(place.offset) }
            for offset in unfinished { release(offset, &state) }
        }
    }

    private struct Name: Hashable {
        let owner: UInt64
        let item: UInt64
    }

    /// Makes blocks that belong to no record usable.
    private func keep(_ gap: Range<Int>, _ state: inout State) {
        // Nothing in it may look like a record later, when there is more behind it.
        for block in stride(from: gap.lowerBound, to: gap.upperBound, by: Vault.block)
        where memory.load32(block) != Mark.free {
            memory.store32(block, Mark.free)
        }
        offer(gap, &state)
    }

    /// Makes free blocks, none of which looks like a record, places of the sizes there are.
    private func offer(_ gap: Range<Int>, _ state: inout State) {
        var at = gap.lowerBound
        while let size = Vault.sizes.last(where: { $0 * Vault.block <= gap.upperBound - at }) {
            state.free[size, default: []].append(at)
            at += size * Vault.block
        }
    }
}
