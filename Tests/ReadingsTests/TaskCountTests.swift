import Testing
import Text

@testable import Readings

/// Counts that are late from the beginning: each looks at few tasks, as one of very many tasks does.
@Suite struct TaskCountTests {
    let tree: TemporaryTree

    init() throws { tree = try TemporaryTree() }

    private func set(_ states: [Int: String]) throws {
        for (id, state) in states { try tree.write("\(id) (x) \(state) 1", "proc/\(id)/task/\(id)/stat") }
    }

    private func list(_ ids: some Sequence<Int>, _ cgroup: String) throws {
        try tree.write(ids.map { "\($0)\n" }.joined(), "cg/\(cgroup)/cgroup.threads")
        try tree.write("", "cg/\(cgroup)/cgroup.procs")
    }

    private func update(_ count: inout TaskCount, _ cgroup: String, late: Bool = true) throws {
        try count.update(try Directory(tree.path + "/cg/" + cgroup), node: try Directory(tree.path + "/proc")) { late }
    }

    /// The list begins with the oldest tasks; the busy ones are the newest.
    @Test func overSeveralCountsAllTasksAreLookedAt() throws {
        try list(1...500, "many")
        try set(Dictionary(uniqueKeysWithValues: (1...500).map { ($0, $0 > 496 ? "R" : "S") }))
        var count = TaskCount()
        try update(&count, "many")
        #expect(count.total == 500 && count.running == 0)
        for _ in 1...8 { try update(&count, "many") }
        for _ in 1...20 {
            try update(&count, "many")
            #expect(count.total == 500 && count.running == 4 && count.blocked == 0)
        }
        try set([497: "S", 498: "D"])
        for _ in 1...8 { try update(&count, "many") }
        #expect(count.running == 2 && count.blocked == 1)
        try list(1...497, "many")
        for _ in 1...8 { try update(&count, "many") }
        #expect(count.total == 497 && count.running == 0 && count.blocked == 0)
        try update(&count, "many", late: false)
        #expect(count.total == 497)
    }

    @Test func whatALateCountHasNotLookedAtIsAsTheLastOneSaidIt() throws {
        try list(1...500, "many")
        try set(Dictionary(uniqueKeysWithValues: (1...500).map { ($0, $0 > 300 ? "R" : "D") }))
        var count = TaskCount()
        try update(&count, "many", late: false)
        #expect(count.running == 200 && count.blocked == 300)
        for _ in 1...20 {
            try update(&count, "many")
            #expect(count.running == 200 && count.blocked == 300)
        }
    }

    @Test func aLateCountLooksAtFewTasksAndCgroups() throws {
        try list([], "wide")
        for id in 1...400 {
            try list([id], "wide/c\(id)/deep/deeper")
            for path in ["wide/c\(id)", "wide/c\(id)/deep"] { try list([], path) }
            try set([id: "R"])
        }
        var count = TaskCount()
        try update(&count, "wide")
        #expect((1...30).contains(count.running) && count.total - count.running <= 1)
        try tree.write("400\n", "cg/wide/pids.current")
        try update(&count, "wide")
        #expect((1...60).contains(count.running) && count.total == 400)
        for _ in 1...30 { try update(&count, "wide") }
        #expect(count.running == 400)
        try tree.remove("cg/wide/pids.current")
        for _ in 1...30 { try update(&count, "wide") }
        #expect(count.total == 400 && count.running == 400, "the last time the end was reached there were as many")
        try update(&count, "wide", late: false)
        #expect(count.total == 400 && count.running == 400)
    }

    @Test func theCgroupACountStoppedInMayGo() throws {
        try list([], "wide")
        for id in 100...299 {
            try list([id], "wide/c\(id)")
            try set([id: id % 2 == 0 ? "R" : "S"])
        }
        try tree.write("200\n", "cg/wide/pids.current")
        var count = TaskCount()
        try update(&count, "wide")
        for id in 110...200 { try tree.remove("cg/wide/c\(id)") }
        try tree.write("109\n", "cg/wide/pids.current")
        for _ in 1...10 { try update(&count, "wide") }
        #expect(count.total == 109 && count.running == 54)
        try update(&count, "wide", late: false)
        #expect(count.total == 109 && count.running == 54)
    }

    @Test func severalCgroupsAndPlacesInThem() throws {
        try list(1...150, "top")
        try list(151...300, "top/b")
        try list(301...450, "top/b/a")
        try list(451...600, "top/c")
        try set(Dictionary(uniqueKeysWithValues: (1...600).map { ($0, $0 % 100 == 0 ? "R" : "S") }))
        try tree.write("600\n", "cg/top/pids.current")
        var count = TaskCount()
        for _ in 1...12 { try update(&count, "top") }
        for _ in 1...30 {
            try update(&count, "top")
            #expect(count.total == 600 && count.running == 6)
        }
        try update(&count, "top", late: false)
        #expect(count.total == 600 && count.running == 6)
    }
}
