import Linux
import Testing
import Tree

@testable import ViewServer

@Suite struct BrokerTests {
    @Test func masksAreTheKernels() {
        #expect(AffinityMask.bytes(CPUSet([0, 1, 9, 63, 64]), count: 16) == [3, 2, 0, 0, 0, 0, 0, 0x80, 1, 0, 0, 0, 0, 0, 0, 0])
        #expect(AffinityMask.bytes(CPUSet([0, 64]), count: 8) == [1, 0, 0, 0, 0, 0, 0, 0])
        #expect(AffinityMask.cpus([0x81, 1]) == CPUSet([0, 7, 8]))
        #expect(AffinityMask.size % 8 == 0)
        #expect(AffinityMask.possible >= 1)
    }

    @Test func whoHasToWaitWaitsAMoment() {
        var postponed = Postponed()
        func due(_ now: Int64) -> [UInt64] { postponed.due(now: now) }
        #expect(postponed.patience(now: 0, atMost: -1) == -1)
        postponed.add(7, now: 0)
        postponed.add(8, now: 5_000_000)
        #expect(postponed.patience(now: 0, atMost: -1) == 10)
        #expect(postponed.patience(now: 9_500_000, atMost: 1000) == 1)
        #expect(due(9_500_000) == [])
        #expect(due(10_000_000) == [7])
        #expect(due(10_000_000) == [])
        #expect(postponed.patience(now: 60_000_000, atMost: 1000) == 0)
        #expect(due(60_000_000) == [8])
        #expect(postponed.patience(now: 60_000_000, atMost: 1000) == 1000)
    }

    @Test func statusOfAProcess() {
        let status = ProcessStatus(
            Array(
                """
                Name:\tUid:\t1
                Uid:\t65536\t65537\t65538\t65539
                Gid:\t1\t2\t3\t4
                Groups:\t5 6\u{20}
                CapEff:\t00000000a80425fb
                Cpus_allowed_list:\t0-3,8

                """.utf8))
        #expect(status.userIDs == [65536, 65537, 65538, 65539])
        #expect(status.groupIDs == [1, 2, 3, 4])
        #expect(status.groups == [5, 6])
        #expect(status.capabilities == 0xa804_25fb)
        #expect(status.words("Cpus_allowed_list") == ["0-3,8"])
        #expect(ProcessStatus([]).capabilities == 0)
    }
}
