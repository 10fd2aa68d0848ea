import Glibc
import Synchronization
import SystemPackage
import Testing

@testable import Linux

struct SerialThreadTests {
    private final class Flag: Sendable {
        private let value = Mutex(false)
        var isSet: Bool { value.withLock { $0 } }
        func set() { value.withLock { $0 = true } }
        func wait() { while !isSet { usleep(1_000) } }
    }

    @Test func itAnswersAndPassesErrorsOn() throws {
        let thread = SerialThread()
        #expect(try thread.run(milliseconds: 60_000) { 1 } == 1)
        #expect(throws: Errno.invalidArgument) {
            try thread.run(milliseconds: 60_000) { () throws(Errno) -> Int in throw .invalidArgument }
        }
        #expect(try thread.run(milliseconds: 60_000) { 2 } == 2)
    }

    /// One who waited here would be answered, when the other thread lets the job go on.
    @Test func nobodyWaitsForWhatIsOverdue() throws {
        let (thread, begun, goOn) = (SerialThread(), Flag(), Flag())
        // On a busy machine its wait may end before it has begun.
        while !begun.isSet {
            #expect(throws: Errno.timedOut) {
                try thread.run(milliseconds: 100) {
                    begun.set()
                    goOn.wait()
                }
            }
        }
        try Threads.start(stack: 256 << 10) {
            usleep(120_000_000)
            goOn.set()
        }
        for _ in 0..<3 { #expect(throws: Errno.timedOut) { try thread.run(milliseconds: 600_000) { 3 } } }
        goOn.set()
        var answer: Int?
        while answer == nil {
            answer = try? thread.run(milliseconds: 60_000) { 4 }
            usleep(1_000)
        }
        #expect(answer == 4)
    }
}
