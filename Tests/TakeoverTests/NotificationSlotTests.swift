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

    @Test func emptyMemoryHasNothingInFlight() throws {
        #expect(!NotificationSlot.all(try SharedMemory()).contains(where: \.isInFlight))
    }
}
