import Takeover
import Testing

@Suite struct RequestSlotTests {
    private let memory: SharedMemory
    private let slot: RequestSlot
    private let cell: Cell
    private let other: Cell

    init() throws {
        memory = try SharedMemory()
        slot = RequestSlot(memory, 3)
        let vault = Vault(memory)
        vault.open(owner: 1)
        let record = try #require(vault.put([], owner: 1, item: 1))
        cell = vault.cell(0, of: record)
        other = vault.cell(1, of: record)
    }

    private func receive(_ length: UInt32 = 64) {
        slot.begin(connection: 9)
        unsafe slot.buffer.storeBytes(of: length, as: UInt32.self)
    }

    @Test func aRequestIsInFlightFromItsReadToItsEnd() {
        #expect(!slot.isInFlight)
        receive()
        #expect(RequestSlot(memory, 3).isInFlight)
        #expect(slot.connection == 9)
        #expect(slot.length == 64)
        slot.end()
        #expect(!slot.isInFlight)
    }

    @Test(arguments: [1, 39, 16385, UInt32.max]) func aLengthNoRequestHasIsNone(length: UInt32) {
        receive(length)
        #expect(slot.length == nil)
    }

    @Test func anEffectHappensOncePerRequest() {
        receive()
        slot.add(1, to: cell)
        #expect(slot.change(of: cell) == 1)
        slot.add(1, to: cell)
        #expect(cell.value == 1)
        #expect(slot.change(of: other) == nil)
        receive()
        #expect(slot.change(of: cell) == nil)
        slot.add(1, to: cell)
        #expect(cell.value == 2)
        receive()
        slot.add(-1, to: cell)
        #expect(cell.value == 1)
    }

    /// A death between any two stores of an effect, and then other requests' effects on the same number before it is looked at.
    @Test func whatWasHalfDoneIsSettledBeforeAnythingIsReplayed() {
        for stores in 0..<6 {
            cell.value = 2
            receive()
            memory.dieAfter(stores: stores)
            slot.add(1, to: cell)
            memory.revive()
            let isDone = cell.value == 3
            slot.settle()
            // Another request's, replayed first.
            cell.value -= 1
            #expect(slot.change(of: cell) == (isDone ? 1 : nil))
            slot.add(1, to: cell)
            #expect(cell.value == 2)
        }
    }

    @Test func whatFailedAfterAllIsTakenBack() {
        cell.value = 2
        receive()
        slot.undo()
        #expect(cell.value == 2)
        slot.add(1 << 32, to: cell)
        slot.undo()
        slot.undo()
        #expect(cell.value == 2)
    }

    @Test func aReadForThePageCacheHasNoLockOwner() {
        receive()
        unsafe slot.buffer.storeBytes(of: 2 as UInt32, toByteOffset: 60, as: UInt32.self)
        #expect(!slot.isPageRead)
        unsafe slot.buffer.storeBytes(of: 1 as UInt32, toByteOffset: 60, as: UInt32.self)
        #expect(slot.isPageRead)
    }

    @Test func aNumberNeverFallsBelowZero() {
        receive()
        slot.add(-1, to: cell)
        #expect(cell.value == 0)
    }

    @Test func twoTrapsAreEnoughAndOnlyForWhoWasAlone() {
        let (one, two) = (RequestSlot(memory, 0), RequestSlot(memory, 1))
        for slot in [one, two] {
            slot.begin(connection: 1)
            unsafe slot.buffer.storeBytes(of: 64 as UInt32, as: UInt32.self)
        }
        Blame.assign([one, two], signal: 5)
        #expect(one.blame < Blame.limit && two.blame < Blame.limit)
        one.isReplayed = true
        Blame.assign([one, two], signal: 5)
        #expect(one.blame >= Blame.limit)
        #expect(two.blame < Blame.limit)
    }

    @Test func whatOnlyWaitsForItsTurnIsNotToBlame() {
        let (one, two) = (RequestSlot(memory, 0), RequestSlot(memory, 1))
        for slot in [one, two] {
            slot.begin(connection: 1)
            unsafe slot.buffer.storeBytes(of: 64 as UInt32, as: UInt32.self)
        }
        // A worker that dies before it turns to any of them.
        Blame.assign([one, two], signal: 9, hasServed: false)
        #expect(one.blame == 0 && two.blame == 0)
        one.isReplayed = true
        Blame.assign([one, two], signal: 9, hasServed: false)
        // And another one: what was replayed in the life before is not being replayed.
        Blame.assign([one, two], signal: 9, hasServed: false)
        #expect(one.blame == 1 && two.blame == 0)
        #expect(!one.isReplayed)
    }

    /// The supervisor reads what a worker has written, whatever has become of that.
    @Test func whatAWorkerRunWildHasWrittenTrapsNobody() {
        receive()
        slot.blame = .max
        Blame.assign([slot], signal: 5)
        slot.addBlame(3)
        #expect(slot.blame == .max)
        cell.value = .max
        slot.add(1, to: cell)
        #expect(cell.value == UInt64(Int64.max))
        receive()
        cell.value = 0
        slot.add(.min, to: cell)
        slot.undo()
        #expect(cell.value == 0)
        memory.controlSince = .max
        #expect(memory.controlSince == .max)
    }

    @Test func aFewKillsAreNobodysFault() {
        receive()
        for _ in 0..<7 {
            slot.isReplayed = true
            Blame.assign([slot], signal: 9)
        }
        #expect(slot.blame < Blame.limit)
        Blame.assign([slot], signal: 9)
        #expect(slot.blame >= Blame.limit)
        receive()
        Blame.assign([slot], signal: 0)
        #expect(slot.blame == 0)
    }
}
