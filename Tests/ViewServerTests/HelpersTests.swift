import Glibc
import Linux
import Testing

@testable import ViewServer

@Suite struct HelpersTests {
    @Test func thoseThatDoNotEndAreFewAndAreReapedWhenTheyDo() throws {
        let helpers = Helpers()
        var pids: [Int32] = []
        while helpers.mayStart() {
            let child = try Processes.fork {
                _ = try? Processes.dieWithParent()
                while true { _ = pause() }
            }
            pids.append(child.pid)
            helpers.leave(child.pid)
        }
        #expect(pids.count == 4)
        let last = try #require(pids.last)
        #expect(!helpers.mayStart())
        kill(last, SIGKILL)
        while !helpers.mayStart() { usleep(1_000) }
        #expect(kill(last, 0) != 0 && errno == ESRCH, "it is reaped")
        // What one vNode has left others reap, once it is gone.
        let left = pids.dropLast()
        do { Helpers().leave(left[0]) }
        let other = Helpers()
        for pid in left { kill(pid, SIGKILL) }
        while kill(left[0], 0) == 0 {
            _ = other.mayStart()
            usleep(1_000)
        }
        while left.contains(where: { kill($0, 0) == 0 }) {
            _ = helpers.mayStart()
            usleep(1_000)
        }
    }
}
