import Logging
import Testing

@testable import Takeover

@Suite struct WatchdogTests {
    private let second: Int64 = 1_000_000_000

    private func watchdog(limit: Int = 10) -> Watchdog {
        var options = Supervisor.Options()
        options.limit = limit
        return Watchdog(options, log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    @Test func aConnectionIsGivenUpBeforeTheWorkerIs() throws {
        let memory = try SharedMemory()
        let slots = RequestSlot.all(memory)
        try #require(memory.fill(slots[3]))
        var dog = watchdog()
        var given: [UInt64] = []
        let look = { (dog: inout Watchdog, seconds: Int64) in
            dog.overdue(slots, isServing: true, now: slots[3].since + seconds * second) {
                given.append($0.connection)
                return true
            }.count
        }
        #expect(look(&dog, 9) == 0 && given.isEmpty)
        #expect(look(&dog, 10) == 0 && given == [7])
        #expect(look(&dog, 19) == 0 && given == [7], "once")
        #expect(look(&dog, 20) == 1)
        slots[3].end()
        #expect(look(&dog, 21) == 0)
    }

    @Test func whatCannotBeGivenUpEndsTheWorker() throws {
        let memory = try SharedMemory()
        let slots = RequestSlot.all(memory)
        try #require(memory.fill(slots[0]))
        var dog = watchdog()
        #expect(dog.overdue(slots, isServing: true, now: slots[0].since + 10 * second) { _ in false }.count == 1)
    }

    @Test func beforeItServesOnlyAReplayIsWaitedFor() throws {
        let memory = try SharedMemory()
        let slots = RequestSlot.all(memory)
        try #require(memory.fill(slots[0]))
        var dog = watchdog()
        let late = { slots[0].since + 3 * second }
        #expect(dog.overdue(slots, isServing: false, now: late()) { _ in true }.isEmpty)
        slots[0].isReplayed = true
        #expect(dog.overdue(slots, isServing: false, now: late()) { _ in true }.count == 1)
    }

    @Test func aControlThreadIsLookedAtTwice() {
        var dog = watchdog()
        let isOverdue = { (dog: inout Watchdog, since: Int64, now: Int64) in
            dog.isControlOverdue(since: since * second, now: now * second, pid: 1)
        }
        #expect(!isOverdue(&dog, 1, 10))
        #expect(!isOverdue(&dog, 1, 11), "a machine that was frozen")
        #expect(isOverdue(&dog, 1, 12))
        // It came back, and has begun with something else.
        #expect(!isOverdue(&dog, 0, 20))
        #expect(!isOverdue(&dog, 13, 23) && isOverdue(&dog, 13, 24))
    }
}

extension SharedMemory {
    /// A request in flight, of the connection 7.
    fileprivate func fill(_ slot: RequestSlot) -> Bool {
        slot.begin(connection: 7)
        unsafe slot.buffer.storeBytes(of: 64, as: UInt32.self)
        return slot.isInFlight
    }
}
