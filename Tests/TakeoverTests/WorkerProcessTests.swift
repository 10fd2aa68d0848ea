import Testing

@testable import Takeover

@Suite struct WorkerProcessTests {
    private func isStuckDead(_ state: String, pending: String = "0000000000000000", shared: String = "0000000000000000") -> Bool {
        WorkerProcess.isStuckDead(
            stat: Array("7 (a) D (vnode-fs) \(state) 1 7 7 0".utf8),
            status: Array("Name:\ta\nState:\t\(state)\nSigPnd:\t\(pending)\nShdPnd:\t\(shared)\nSigBlk:\t0000000000000100\n".utf8))
    }

    @Test func aZombieWithThreadsIsDead() {
        #expect(isStuckDead("Z"))
        #expect(!isStuckDead("S"))
        #expect(!isStuckDead("R", pending: "0000000000000100"))
    }

    @Test func whoWaitsInTheKernelIsDeadOnceItIsKilled() {
        #expect(!isStuckDead("D"))
        #expect(isStuckDead("D", pending: "0000000000000100"))
        #expect(isStuckDead("D", shared: "0000000000004100"))
        // SIGTERM alone.
        #expect(!isStuckDead("D", shared: "0000000000004000"))
        #expect(!WorkerProcess.isStuckDead(stat: Array("7 (vnode-fs)".utf8), status: []))
    }
}
