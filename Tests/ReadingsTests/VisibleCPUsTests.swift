import Testing
import Text
import Tree

@testable import Readings

@Suite struct VisibleCPUsTests {
    private func visible(_ node: String, cpuset: String? = nil, affinity: String? = nil, _ quotas: String...) -> String {
        Readings.visibleCPUs(
            node: CPUSet(list: node) ?? CPUSet(), cpuset: cpuset.flatMap { CPUSet(list: $0) },
            affinity: affinity.flatMap { CPUSet(list: $0) },
            quotas: quotas.map { Array($0.utf8) }
        ).list
    }

    @Test func quotasRoundUp() {
        #expect(visible("0-3") == "0-3")
        #expect(visible("0-3", "max 100000\n") == "0-3")
        #expect(visible("0-3", "150000 100000\n") == "0-1")
        #expect(visible("0-3", "100000 100000\n") == "0")
        #expect(visible("0-3", "100001 100000\n") == "0-1")
        #expect(visible("0-3", "1000 100000\n") == "0")
        #expect(visible("0-3", "900000 100000\n") == "0-3")
        #expect(visible("0-3", "max 100000\n", "300000 100000\n", "200000 100000\n") == "0-1", "the least of all levels")
    }

    @Test func cpusetsKeepTheKernelsIDs() {
        #expect(visible("0-3", cpuset: "1") == "1")
        #expect(visible("0-31", cpuset: "4-7,12", "250000 100000") == "4-6")
        #expect(visible("0-3", cpuset: "") == "0-3")
        #expect(visible("0-3", cpuset: "0-2", affinity: "2-3") == "2")
        #expect(visible("0-3", affinity: "1,3") == "1,3")
        #expect(visible("0-3", cpuset: "0-1", affinity: "2-3") == "0-1", "an affinity outside the cpuset cannot hold")
    }

    @Test func atLeastOne() {
        #expect(visible("") == "0")
        #expect(visible("2-3", "0 100000") == "2")
    }

    @Test func nonsenseIsNoLimit() {
        for text in ["", "\n", "max", "x 100000", "-1 100000", "100000 0"] { #expect(visible("0-3", text) == "0-3", "\(text)") }
        #expect(visible("0-3", "99999999999999999999999 1") == "0-3")
        #expect(visible("0-3", "200000") == "0-1", "the period's default is 100000")
    }
}
