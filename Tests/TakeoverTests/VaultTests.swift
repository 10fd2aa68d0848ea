import Takeover
import Testing

@Suite struct VaultTests {
    private let memory: SharedMemory
    private let vault: Vault

    init() throws {
        memory = try SharedMemory()
        vault = Vault(memory)
        vault.open(owner: 1)
        vault.open(owner: 2)
    }

    private func contents(_ vault: Vault) -> [String] {
        vault.found().map { "\($0.owner)/\($0.item)=\(vault.bytes(of: $0.record).count)" }.sorted()
    }

    @Test func whatIsPutIsFoundByTheNext() throws {
        let record = try #require(vault.put([1, 2, 3], owner: 1, item: 5))
        vault.cell(1, of: record).value = 77
        _ = vault.put([], owner: 2, item: 6)
        let next = Vault(memory)
        #expect(contents(next) == ["1/5=3", "2/6=0"])
        let found = try #require(next.found().first { $0.item == 5 })
        #expect(next.bytes(of: found.record) == [1, 2, 3])
        #expect(next.cell(1, of: found.record).value == 77)
        #expect(next.cell(0, of: found.record).value == 0)
    }

    @Test func aReplacedRecordIsThereOnce() throws {
        var record = try #require(vault.put([1], owner: 1, item: 5))
        for length in [200, 10, 5000, 1] {
            record = try #require(vault.put([UInt8](repeating: 9, count: length), owner: 1, item: 5, replacing: record))
        }
        #expect(contents(Vault(memory)) == ["1/5=1"])
    }

    @Test func nothingIsPutForAnOwnerThatIsGone() throws {
        let record = try #require(vault.put([1], owner: 1, item: 5))
        vault.remove(owner: 1)
        #expect(vault.put([2], owner: 1, item: 5, replacing: record) == nil)
        #expect(vault.put([2], owner: 9, item: 5) == nil)
        #expect(vault.used == 0)
        #expect(contents(Vault(memory)) == [])
    }

    @Test func aRecordNobodyCouldKeepIsRefused() {
        #expect(vault.put([UInt8](repeating: 0, count: Vault.longest + 1), owner: 1, item: 1) == nil)
        #expect(vault.put([UInt8](repeating: 0, count: Vault.longest), owner: 1, item: 1) != nil)
    }

    @Test func roomIsUsedAgain() throws {
        var record: Vault.Record?
        for round in 0..<10_000 {
            record = vault.put([UInt8](repeating: 1, count: round % 700), owner: 1, item: 5, replacing: record)
            #expect(record != nil)
        }
        let top = memory.usedBytes
        #expect(top < 64 << 10)
    }

    /// Each worker finds the places of the ones before it merged into larger ones.
    @Test func roomIsUsedAgainByEverySuccessor() throws {
        var numbers = Lehmer()
        var vault = self.vault
        var kept: [(item: UInt64, record: Vault.Record, bytes: [UInt8])] = []
        var most = 0
        for round in 0..<40_000 {
            if round % 100 == 0 {
                vault = Vault(memory)
                vault.open(owner: 1)
                for (index, one) in kept.enumerated() {
                    let found = try #require(vault.found(of: 1).first { $0.item == one.item })
                    kept[index].record = found.record
                }
            }
            // Mostly small, as records are, and never more than so many at a time.
            let length = numbers.next(numbers.next(10) == 0 ? 20_000 : 600)
            let bytes = [UInt8](repeating: UInt8(truncatingIfNeeded: round), count: length)
            let record = try #require(vault.put(bytes, owner: 1, item: UInt64(round)))
            kept.append((UInt64(round), record, bytes))
            while kept.count > 20 + numbers.next(30) { vault.remove(kept.remove(at: numbers.next(kept.count)).record, owner: 1) }
            most = max(most, vault.used)
        }
        for one in kept { #expect(vault.bytes(of: one.record) == one.bytes) }
        #expect(contents(vault).count == kept.count)
        #expect(memory.usedBytes < 4 * most)
    }

    @Test func whatIsLeftOfALargerPlaceIsUsed() throws {
        let large = try #require(vault.put([UInt8](repeating: 1, count: 8000), owner: 1, item: 5))
        vault.remove(large, owner: 1)
        let top = memory.usedBytes
        let next = Vault(memory)
        next.open(owner: 1)
        for item in 1...64 { #expect(next.put([UInt8(item)], owner: 1, item: UInt64(item)) != nil) }
        #expect(memory.usedBytes == top)
        #expect(contents(Vault(memory)).count == 64)
    }

    @Test func someOfAnOwnersRecordsCanGo() throws {
        for item in 1...4 { _ = vault.put([1], owner: 1, item: UInt64(item)) }
        vault.remove(owner: 1) { $0 % 2 == 0 }
        #expect(contents(Vault(memory)) == ["1/1=1", "1/3=1"])
    }

    /// Every prefix of a change is what a death in the middle of it leaves.
    @Test func aDeathAtAnyStoreLeavesTheOldOrTheNew() throws {
        let old = [UInt8](repeating: 1, count: 300)
        let new = [UInt8](repeating: 2, count: 500)
        // Words that look like the beginnings of records.
        let nasty = (0..<150).flatMap { _ in [0x31, 0x63, 0x65, 0x76] as [UInt8] }
        let record = try #require(vault.put(old, owner: 1, item: 5))
        let other = try #require(vault.put(nasty, owner: 2, item: 6))
        vault.remove(other, owner: 2)
        var seen: Set<String> = []
        for stores in 0..<200 {
            let copy = try SharedMemory(copying: memory)
            copy.dieAfter(stores: stores)
            let vault = Vault(copy)
            guard !copy.isDead else { continue }
            let found = try #require(vault.found().first)
            #expect(found.record == record)
            _ = vault.put(new, owner: 1, item: 5, replacing: found.record)
            let finished = !copy.isDead
            copy.revive()
            let next = Vault(copy)
            let bytes = next.found().map { next.bytes(of: $0.record) }
            #expect(bytes == [old] || bytes == [new])
            seen.insert(bytes == [old] ? "old" : "new")
            // What was freed is usable, and in nobody's way.
            let more = try #require(next.put([UInt8](repeating: 3, count: 300), owner: 1, item: 7))
            #expect(next.bytes(of: more).count == 300)
            #expect(Vault(copy).found().count == 2)
            if finished { break }
        }
        #expect(seen == ["old", "new"])
    }

    @Test func ruinedBlocksDoNotSwallowWhatIsPutBehindThem() throws {
        // A block that says it begins a record of 1 MB, with nothing behind it yet.
        try SharedMemory.ruin(memory, words: [0x7665_6333, 8192])
        let next = Vault(memory)
        next.open(owner: 1)
        for item in 1...100 { #expect(next.put([UInt8](repeating: 1, count: 20_000), owner: 1, item: UInt64(item)) != nil) }
        #expect(Vault(memory).found().count == 100)
    }

    @Test func whoComesTooLateFreesNothing() throws {
        let old = try #require(vault.put([1], owner: 1, item: 5))
        vault.remove(old, owner: 1)
        // The same place, the same owner, another record.
        let new = try #require(vault.put([2], owner: 1, item: 6))
        vault.remove(old, owner: 1)
        _ = vault.put([3], owner: 1, item: 7, replacing: old)
        #expect(vault.bytes(of: new) == [2])
        #expect(contents(vault) == ["1/6=1", "1/7=1"])
    }
}

/// The same numbers in every run.
private struct Lehmer {
    private var state: UInt64 = 48271

    /// From 0 up to `bound`, which is not in it.
    mutating func next(_ bound: Int) -> Int {
        state = state * 48271 % 2_147_483_647
        return Int(state) % bound
    }
}
