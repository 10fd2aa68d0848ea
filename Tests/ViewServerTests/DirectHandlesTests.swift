import SystemPackage
import Takeover
import Testing
import Tree

@testable import ViewServer

@Suite struct DirectHandlesTests {
    private let records: Records
    private let slot: RequestSlot

    init() throws {
        records = Records(vault: Vault(try SharedMemory()), owner: 7)
        records.vault.open(owner: 7)
        slot = RequestSlot(records.vault.memory, 0)
    }

    /// Answers have two bytes, reads ask for one.
    private func read(_ handles: DirectHandles, _ handle: UInt64, _ offset: Int, _ answer: UInt8) throws(Errno) -> UInt8? {
        try handles.bytes(of: handle, offset: offset, for: slot) { () throws(Errno) in [answer, answer] }.first
    }

    @Test func aReaderKeepsItsAnswerUntilItStartsOver() throws {
        let handles = DirectHandles(records, role: 1, generation: 1)
        let handle = handles.open()
        #expect(try read(handles, handle, 0, 1) == 1)
        #expect(try read(handles, handle, 1, 2) == 1)
        #expect(try read(handles, handle, 4096, 3) == 1)
        #expect(try read(handles, handle, 0, 4) == 4)
    }

    @Test func anAnswerGivenWholeEndsWhereItEnded() throws {
        let handles = DirectHandles(records, role: 1, generation: 1)
        let handle = handles.open()
        func bytes(_ offset: Int, _ answer: [UInt8]) throws(Errno) -> [UInt8] {
            try handles.bytes(of: handle, offset: offset, for: slot) { () throws(Errno) in answer }
        }
        #expect(try bytes(0, [1, 1, 1]) == [1, 1, 1])
        // Longer by now: who goes on reading must not get its end.
        #expect(try bytes(3, [2, 2, 2, 2]) == [1, 1, 1])
    }

    @Test func aSuccessorReadsOnInTheSameAnswer() throws {
        let handles = DirectHandles(records, role: 1, generation: 1)
        let (partly, whole) = (handles.open(), handles.open())
        _ = try read(handles, partly, 0, 1)
        _ = try handles.bytes(of: whole, offset: 0, for: slot) { () throws(Errno) in [1, 1] }
        let vault = Vault(records.vault.memory)
        let next = DirectHandles(Records(vault: vault, owner: 7), role: 1, generation: 2)
        for found in vault.found() { next.restore(Item(raw: found.item).handle, found.record) }
        #expect(try read(next, partly, 1, 2) == 1)
        #expect(try next.bytes(of: whole, offset: 2, for: slot) { () throws(Errno) in [2, 2, 2] } == [1, 1])
        #expect(![partly, whole].contains(next.open()))
        next.close(partly)
        next.close(whole)
        #expect(vault.used == 0)
    }

    @Test func readsOfOneHandleAtTheSameTimeLeaveOneRecord() async throws {
        let handles = DirectHandles(records, role: 1, generation: 1)
        let all = (0..<8).map { _ in handles.open() }
        await withTaskGroup(of: Void.self) { group in
            for reader in 0..<4 {
                group.addTask {
                    for round in 0..<2000 {
                        let length = [2, 100, 300, 1000][(round + reader) % 4]
                        _ = try? handles.bytes(of: all[round % 2], offset: 0, for: slot) { () throws(Errno) in
                            [UInt8](repeating: 1, count: length)
                        }
                        // Of the same owner: what one reader frees another one takes.
                        _ = try? self.read(handles, all[2 + reader], 0, 1)
                    }
                }
            }
        }
        for handle in all { handles.close(handle) }
        #expect(records.vault.used == 0)
    }

    @Test func aFirstReadThatIsReplayedGivesTheSameAnswer() throws {
        let handles = DirectHandles(records, role: 1, generation: 1)
        let handle = handles.open()
        slot.begin(connection: 1)
        unsafe slot.buffer.storeBytes(of: 64 as UInt32, as: UInt32.self)
        unsafe slot.buffer.storeBytes(of: 42 as UInt64, toByteOffset: 8, as: UInt64.self)
        _ = try read(handles, handle, 0, 1)
        let vault = Vault(records.vault.memory)
        let next = DirectHandles(Records(vault: vault, owner: 7), role: 1, generation: 2)
        for found in vault.found() { next.restore(Item(raw: found.item).handle, found.record) }
        slot.isReplayed = true
        #expect(try read(next, handle, 0, 2) == 1)
        // Another request from the start is a new pass.
        unsafe slot.buffer.storeBytes(of: 44 as UInt64, toByteOffset: 8, as: UInt64.self)
        #expect(try read(next, handle, 0, 3) == 3)
    }

    @Test func handlesAreNeverZeroNeverTheSameAndNameTheirRole() {
        let handles = DirectHandles(records, role: 0, generation: 0x4000)
        let made = (0..<100).map { _ in handles.open() }
        #expect(!made.contains(0))
        #expect(Set(made).count == 100)
        #expect(DirectHandles.role(of: DirectHandles(records, role: 2, generation: 0xffff).open()) == 2)
    }

    @Test func manyOpenFilesHoldABoundedNumberOfBytes() throws {
        let handles = DirectHandles(records, role: 1, generation: 1)
        let large = [UInt8](repeating: 2, count: DirectHandles.mostBytes / 8)
        let first = handles.open()
        _ = try read(handles, first, 0, 1)
        for _ in 0..<8 { _ = try handles.bytes(of: handles.open(), offset: 0, for: slot) { () throws(Errno) in large } }
        // The oldest answer was let go: its reader gets a new one.
        #expect(try read(handles, first, 1, 3) == 3)
        #expect(records.vault.used < 2 * DirectHandles.mostBytes)
    }

    @Test func theOldestAnswersGoFirstWhateverWasClosedOrReadAgain() throws {
        let handles = DirectHandles(records, role: 1, generation: 1)
        let first = handles.open()
        let second = handles.open()
        _ = try read(handles, first, 0, 1)
        _ = try read(handles, second, 0, 2)
        // Many come and go without ever being too many at once.
        for _ in 0..<(3 * DirectHandles.most) {
            let handle = handles.open()
            _ = try read(handles, handle, 0, 3)
            handles.close(handle)
        }
        #expect(try read(handles, first, 1, 9) == 1)
        // Read again from the start, the first is now younger than the second.
        _ = try read(handles, first, 0, 4)
        for _ in 0..<(DirectHandles.most - 1) { _ = try read(handles, handles.open(), 0, 5) }
        #expect(try read(handles, first, 1, 9) == 4)
        #expect(try read(handles, second, 1, 9) == 9)
    }

    @Test func aClosedHandleHoldsNothing() throws {
        let handles = DirectHandles(records, role: 1, generation: 1)
        let handle = handles.open()
        _ = try read(handles, handle, 0, 1)
        handles.close(handle)
        #expect(records.vault.used == 0)
        #expect(try read(handles, handle, 1, 2) == 2)
    }
}
