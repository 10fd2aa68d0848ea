import SystemPackage
import Takeover
import Testing
import Tree

@testable import ViewServer

@Suite struct StoredSysctlsTests {
    private let memory: SharedMemory
    private let slot: RequestSlot

    init() throws {
        memory = try SharedMemory()
        slot = RequestSlot(memory, 0)
    }

    private struct Kept {
        let sysctls: StoredSysctls
        let records: Records
    }

    /// What the first worker makes.
    private func start() throws -> Kept {
        let records = Records(vault: Vault(memory), owner: 7)
        records.vault.open(owner: 7)
        let own = try #require(records.put([1], Item(.vnode)))
        return Kept(sysctls: StoredSysctls(records, writes: records.vault.cell(2, of: own)), records: records)
    }

    /// What the next one finds.
    private func succeed(_ memory: SharedMemory) throws -> Kept {
        let records = Records(vault: Vault(memory), owner: 7)
        let found = records.vault.found()
        let own = try #require(found.first { Item(raw: $0.item).kind == .vnode })
        var kept: [Int: Vault.Record] = [:]
        for found in found where Item(raw: found.item).kind == .sysctl { kept[Item(raw: found.item).place.entry] = found.record }
        return Kept(sysctls: StoredSysctls(records, writes: records.vault.cell(2, of: own.record), kept: kept), records: records)
    }

    private func write(_ text: String, _ entry: Int = 3, to kept: Kept, zeroed: Catalog.Zeroed? = nil, slot: RequestSlot? = nil)
        throws(Errno) -> Int
    {
        try kept.sysctls.write(
            entry, .ints(count: 1, 0...100), Array(text.utf8), at: 0, original: Array("60\n".utf8), zeroed: zeroed, for: slot ?? self.slot)
    }

    private func text(_ kept: Kept, _ entry: Int = 3) -> String? {
        kept.sysctls.content(of: entry).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test func whatIsWrittenIsRead() throws {
        let kept = try start()
        #expect(text(kept) == nil)
        slot.begin(connection: 1)
        #expect(try write("5 6", to: kept) == 2)
        #expect(text(kept) == "5\n")
        slot.begin(connection: 1)
        #expect(throws: Errno.invalidArgument) { try write("101", to: kept) }
        #expect(text(kept) == "5\n")
        #expect(text(kept, 4) == nil)
    }

    @Test func itOutlivesTheWorker() throws {
        let kept = try start()
        for value in 0...50 {
            slot.begin(connection: 1)
            _ = try write("\(value)", to: kept)
        }
        slot.begin(connection: 1)
        _ = try write("7", 9, to: kept)
        let next = try succeed(memory)
        #expect(text(next) == "50\n" && text(next, 9) == "7\n")
        // One record a key, whatever is written.
        #expect(next.records.vault.found().count == 3)
        slot.begin(connection: 1)
        _ = try write("1", to: next)
        #expect(text(try succeed(memory)) == "1\n")
    }

    @Test func itGoesWithItsVNode() throws {
        let kept = try start()
        slot.begin(connection: 1)
        _ = try write("5", to: kept)
        kept.records.vault.remove(owner: 7)
        #expect(kept.records.vault.used == 0)
        slot.begin(connection: 1)
        #expect(throws: Errno.noMemory) { try write("6", to: kept) }
    }

    /// A write may be under way when its vNode goes.
    @Test func whoWritesTooLateCountsInNobodysRecord() throws {
        let kept = try start()
        slot.begin(connection: 1)
        _ = try write("5", to: kept)
        kept.sysctls.retire()
        let vault = kept.records.vault
        vault.remove(owner: 7)
        vault.open(owner: 8)
        // In the places of both records.
        let others = try (1...2).map { try #require(vault.put([1], owner: 8, item: $0)) }
        slot.begin(connection: 1)
        #expect(throws: Errno.noSuchFileOrDirectory) { try write("5", to: kept) }
        for other in others { #expect(vault.cell(2, of: other).value == 0) }
        #expect(text(kept) == nil)
    }

    /// The first write is answered; its worker dies before it can say so in the slot; meanwhile another has written.
    @Test func aReplayedWriteDoesNotUndoALaterOne() throws {
        let kept = try start()
        let other = RequestSlot(memory, 1)
        slot.begin(connection: 1)
        _ = try write("5", to: kept)
        other.begin(connection: 1)
        _ = try write("6", to: kept, slot: other)
        let next = try succeed(memory)
        slot.settle()
        #expect(try write("5", to: next) == 1)
        #expect(text(next) == "6\n")
    }

    /// Whichever store is the last before its end, the write has happened or not, and happens when it is replayed.
    @Test func aWorkerThatDiesAtAnyStoreLosesNoWrite() throws {
        let kept = try start()
        slot.begin(connection: 1)
        _ = try write("1", to: kept)
        for stores in 0..<60 {
            let copy = try SharedMemory(copying: memory)
            let dying = try succeed(copy)
            let slot = RequestSlot(copy, 0)
            slot.begin(connection: 1)
            copy.dieAfter(stores: stores)
            _ = try? write("2", to: dying, slot: slot)
            copy.revive()
            slot.settle()
            let next = try succeed(copy)
            #expect(["1\n", "2\n"].contains(text(next)))
            #expect(try write("2", to: next, slot: slot) == 1)
            #expect(text(next) == "2\n")
            #expect(next.records.vault.found().count == 2)
        }
    }

    @Test func oneWriteSetsTheOtherToZero() throws {
        let kept = try start()
        slot.begin(connection: 1)
        _ = try write("40", 4, to: kept)
        slot.begin(connection: 1)
        _ = try write("30", 3, to: kept, zeroed: Catalog.Zeroed(entry: 4))
        #expect(text(kept, 4) == "0\n" && text(kept, 3) == "30\n")
        slot.begin(connection: 1)
        #expect(throws: Errno.invalidArgument) { try write("x", 4, to: kept, zeroed: Catalog.Zeroed(entry: 3)) }
        #expect(text(kept, 3) == "30\n")
        slot.begin(connection: 1)
        _ = try write("5", 4, to: kept)
        slot.begin(connection: 1)
        _ = try write("30", 3, to: kept, zeroed: Catalog.Zeroed(entry: 4, onlyOnChange: true))
        #expect(text(kept, 4) == "5\n", "what is written is there already")
        slot.begin(connection: 1)
        _ = try write("31", 3, to: kept, zeroed: Catalog.Zeroed(entry: 4, onlyOnChange: true))
        #expect(text(kept, 4) == "0\n")
    }
}
