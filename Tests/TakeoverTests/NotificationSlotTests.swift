import Testing

@testable import Takeover

@Suite struct NotificationSlotTests {
    @Test func slotsLieBetweenRequestsAndRecords() {
        #expect(NotificationSlot.start >= SharedMemory.slots + SharedMemory.mostSlots * SharedMemory.slotSize)
        #expect(NotificationSlot.start + NotificationSlot.most * NotificationSlot.size <= SharedMemory.records)
        #expect(NotificationSlot.most >= 1024)
    }

    /// Of all helpers started for one call, one acts.
    @Test func oneHelperActs() throws {
        let slot = NotificationSlot(try SharedMemory(), 3)
        let first = try #require(slot.nextAttempt())
        let second = try #require(slot.nextAttempt())
        #expect(first != second)
        #expect(!slot.begin(attempt: first))
        #expect(slot.begin(attempt: second))
        #expect(!slot.begin(attempt: second))
        // Whoever acts is waited for.
        #expect(slot.nextAttempt() == nil)
        slot.giveUpAttempts()
        #expect(slot.nextAttempt() != nil)
    }

    @Test func onlyACallThatWasBegunIsToBlame() throws {
        let memory = try SharedMemory()
        let (begun, waiting) = (NotificationSlot(memory, 1), NotificationSlot(memory, 2))
        begun.isBegun = true
        Blame.assign([begun, waiting], signal: 11)
        #expect(begun.blame > 0 && !begun.isBegun && waiting.blame == 0)
        // A worker that dies before it turns to it.
        Blame.assign([begun, waiting], signal: 11)
        #expect(begun.blame < Blame.limit)
        begun.isBegun = true
        Blame.assign([begun, waiting], signal: 11)
        #expect(begun.blame >= Blame.limit)
    }

    @Test func ofSeveralCallsNoneIsKnownToBeTheOne() throws {
        let memory = try SharedMemory()
        let slots = [NotificationSlot(memory, 1), NotificationSlot(memory, 2)]
        for _ in 1...2 {
            for slot in slots { slot.isBegun = true }
            Blame.assign(slots, signal: 11)
        }
        #expect(slots.map(\.blame) == [2, 2])
        slots[0].blame = .max
        slots[0].isBegun = true
        Blame.assign(slots, signal: 11)
        #expect(slots[0].blame == .max)
    }

    @Test func emptyMemoryHasNothingInFlight() throws {
        #expect(!NotificationSlot.all(try SharedMemory()).contains(where: \.isInFlight))
    }
}
