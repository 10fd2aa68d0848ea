import Foundation
import Readings
import Testing
import Tree

/// Every file of every scenario, byte for byte, against `fixtures/<fixture>/expected/<name>`: all of them in one file, each after
/// a line `==> path`.
@Suite struct FixtureTests {
    static let scenarios = [
        Scenario(fixture: "composed", name: "nested-limits", cgroup: "nested-limits/l1/l2/l3/l4/l5", top: "nested-limits"),
        Scenario(fixture: "composed", name: "no-limits", cgroup: "no-limits", top: "no-limits"),
        Scenario(fixture: "composed", name: "no-controllers", cgroup: "no-controllers", top: "no-controllers"),
        Scenario(fixture: "hybrid-6.18-2cpu", name: "work", cgroup: "vnode-fixture/work", top: "vnode-fixture"),
        Scenario(fixture: "vm-6.1-2cpu", name: "work", cgroup: "vnode-fixture/work", top: "vnode-fixture"),
        Scenario(fixture: "vm-6.12-2cpu", name: "work", cgroup: "vnode-fixture/work", top: "vnode-fixture"),
        Scenario(fixture: "vm-6.12-32cpu-2numa", name: "work", cgroup: "vnode-fixture/work", top: "vnode-fixture"),
        Scenario(fixture: "vm-6.12-no-limits", name: "work", cgroup: "vnode-fixture/work", top: "vnode-fixture"),
        Scenario(fixture: "vm-6.12-swap-off", name: "work", cgroup: "vnode-fixture/work", top: "vnode-fixture"),
        Scenario(fixture: "vm-6.12-swap-on", name: "work", cgroup: "vnode-fixture/work", top: "vnode-fixture"),
        Scenario(
            fixture: "vm-6.12-nested-limits", name: "nested", cgroup: "vnode-fixture/500M/600M/max/400M/max/900M", top: "vnode-fixture"),
    ]

    /// With VNODE_RECORD=1 writes what the code says now, for a reader to check, and fails.
    @Test(arguments: scenarios) func everyFileIsAsExpected(_ scenario: Scenario) throws {
        let rendered = try scenario.render()
        #expect(rendered.count > 60)
        let empty = Table.rows.filter { $0.policy == .empty }.map { String($0.path.dropFirst()) } + mayBeEmpty
        #expect(!rendered.contains { $0.content.isEmpty && !empty.contains($0.path) })
        #expect(!rendered.contains { $0.content == "-> \n" })
        let text = rendered.filter { !isRepeated($0.path) }.map { "==> \($0.path)\n\($0.content)" }.joined()
        if ProcessInfo.processInfo.environment["VNODE_RECORD"] != nil {
            let url = URL(fileURLWithPath: scenario.expected)
            try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: url)
            Issue.record("recorded, not compared")
            return
        }
        let expected = try String(contentsOfFile: scenario.expected, encoding: .utf8)
        let ours = text.split(separator: "\n", omittingEmptySubsequences: false)
        let theirs = expected.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(ours.count == theirs.count)
        for (line, other) in zip(ours, theirs) { #expect(line == other) }
    }

    /// Without an io controller, interrupt accounting, locks, or a captured zoneinfo.
    private let mayBeEmpty = ["proc/diskstats", "proc/partitions", "proc/pressure/irq", "proc/locks", "proc/zoneinfo"]

    /// A constant that is there once for every disk, block of memory...
    private func isRepeated(_ path: String) -> Bool {
        let row = Catalog.standard.place(at: path).flatMap { Catalog.standard[$0].row }
        return row?.policy == .constant && row?.path.contains("*") == true
    }

    private func file(_ path: String, of scenario: Scenario) throws -> String {
        let rendered = try scenario.render()
        return try #require(rendered.first { $0.path == path }).content
    }

    private func fields(_ scenario: Scenario) throws -> [String: Int] {
        var found: [String: Int] = [:]
        for line in try file("proc/meminfo", of: scenario).split(separator: "\n") {
            let words = line.split(separator: " ")
            found[String(words[0].dropLast())] = Int(words[1])
        }
        return found
    }

    /// `pgpgin` and `pgpgout` are kB, sectors of diskstats 512 bytes, of devices that are not made of others.
    @Test(arguments: scenarios) func vmstatSaysWhatDiskstatsAndMeminfoSay(_ scenario: Scenario) throws {
        var vmstat: [Substring: Int] = [:]
        for line in try file("proc/vmstat", of: scenario).split(separator: "\n") {
            let words = line.split(separator: " ")
            vmstat[words[0]] = Int(words[1])
        }
        var (read, written) = (0, 0)
        for line in try file("proc/diskstats", of: scenario).split(separator: "\n") {
            let words = line.split(separator: " ")
            if words[2].hasPrefix("dm-") || words[2].hasPrefix("md") { continue }
            read += try #require(Int(words[5]))
            written += try #require(Int(words[9]))
        }
        #expect(vmstat["pgpgin"] == read / 2)
        #expect(vmstat["pgpgout"] == written / 2)
        let fields = try fields(scenario)
        let pages = try ["Buffers", "Cached", "SwapCached"].map { try #require(fields[$0]) }.reduce(0, +) / 4
        #expect(vmstat["nr_file_pages"] == pages)
    }

    @Test func nestedLimits() throws {
        let fields = try fields(Self.scenarios[0])
        #expect(fields["MemTotal"] == 400 * 1024)
        #expect(fields["MemFree"] == 300 * 1024)
        // 30 MiB and 19 MiB of file pages, 3 MiB of slab.
        #expect(fields["MemAvailable"] == (300 + 30 + 19 + 3) * 1024)
        #expect(fields["Cached"] == 50 * 1024)
        #expect(fields["Buffers"] == 0)
        #expect(fields["SwapTotal"] == 64 * 1024)
        #expect(fields["SwapFree"] == 56 * 1024)
        #expect(fields["Active"] == (31 + 19) * 1024)
        #expect(fields["CommitLimit"] == (200 + 64) * 1024)
        #expect(fields["Committed_AS"] == (40 + 1 + 8) * 1024)
        #expect(fields["DirectMap1G"] == 0)
        #expect(fields["VmallocTotal"] == 34_359_738_367)
    }

    @Test func nestedLimitsOfARealKernel() throws {
        let scenario = try #require(Self.scenarios.first { $0.fixture == "vm-6.12-nested-limits" })
        let fields = try fields(scenario)
        #expect(fields["MemTotal"] == 409_600)
        // 29,904,896 bytes in use at the level that has the least limit.
        #expect(fields["MemFree"] == 409_600 - 29_204)
        // cpuset 1 of four CPUs, quotas of 1.5 and 3.
        #expect(try file("sys/devices/system/cpu/online", of: scenario) == "1\n")
        #expect(try file("sys/devices/system/cpu/possible", of: scenario) == "0-3\n")
        #expect(try file("sys/devices/system/cpu/offline", of: scenario) == "0,2-3\n")
        #expect(try file("sys/devices/system/cpu/cpu1/topology/package_cpus", of: scenario) == "2\n")
        let cpuinfo = try file("proc/cpuinfo", of: scenario)
        #expect(cpuinfo.hasPrefix("processor\t: 1\n"))
        #expect(cpuinfo.contains("\nsiblings\t: 1\n") && cpuinfo.contains("\ncpu cores\t: 1\n"))
        #expect(try file("proc/stat", of: scenario).split(separator: "\n").prefix(3).map { $0.prefix(5) } == ["cpu  ", "cpu1 ", "intr "])
    }

    /// Where nothing limits the CPUs, what the kernel wrote is what we write: nobody recorded these.
    @Test(arguments: scenarios.filter { $0.name == "work" }) func withoutLimitsCPUFilesAreTheKernels(_ scenario: Scenario) throws {
        var compared = 0
        for (path, content) in try scenario.render() where path.hasPrefix("sys/devices/system/cpu/") || path == "proc/cpuinfo" {
            guard let native = try? String(contentsOfFile: scenario.root + "/" + path, encoding: .utf8) else { continue }
            #expect(content == native, "\(path)")
            compared += 1
        }
        #expect(compared > 30)
    }

    /// The same fields in the same columns as the node's kernel; in vmstat the same names.
    @Test(arguments: scenarios) func shapesAreTheKernels(_ scenario: Scenario) throws {
        func shape(_ text: String) -> [String] {
            text.split(separator: "\n").map { line in
                let label = line.prefix { $0 != ":" }
                return "\(label) \(line.hasSuffix(" kB")) \(label == "VmallocTotal" ? 0 : line.count)"
            }
        }
        let meminfo = try String(contentsOfFile: scenario.root + "/proc/meminfo", encoding: .utf8)
        #expect(shape(try file("proc/meminfo", of: scenario)) == shape(meminfo))
        let vmstat = try String(contentsOfFile: scenario.root + "/proc/vmstat", encoding: .utf8)
        func names(_ text: String) -> [Substring] { text.split(separator: "\n").map { $0.prefix { $0 != " " } } }
        #expect(names(try file("proc/vmstat", of: scenario)) == names(vmstat))
    }

    @Test func swapLimits() throws {
        func swap(_ fixture: String) throws -> [Int?] {
            let fields = try fields(try #require(Self.scenarios.first { $0.fixture == fixture }))
            return [fields["MemTotal"], fields["SwapTotal"], fields["SwapFree"]]
        }
        #expect(try swap("vm-6.12-swap-off") == [65536, 0, 0])
        // 128 MiB, of which 29,552,640 bytes are in use.
        #expect(try swap("vm-6.12-swap-on") == [65536, 131_072, 131_072 - 28_860])
    }

    @Test(arguments: scenarios) func memoryAddsUp(_ scenario: Scenario) throws {
        let fields = try fields(scenario)
        func value(_ name: String) throws -> Int { try #require(fields[name]) }
        #expect(try value("MemFree") <= value("MemTotal"))
        #expect(try value("MemAvailable") <= value("MemTotal"))
        #expect(try value("SwapFree") <= value("SwapTotal"))
        #expect(try value("Active") == value("Active(anon)") + value("Active(file)"))
    }

    @Test func noLimitsMeansTheNodesTotalAndOurUse() throws {
        let fields = try fields(Self.scenarios[1])
        #expect(fields["MemTotal"] == 24_682_416)
        #expect(fields["MemFree"] == 24_682_416 - 100 * 1024)
        #expect(fields["SwapTotal"] == 2_097_148)
        #expect(fields["SwapFree"] == 2_097_148)
    }

    @Test func noControllerMeansTheNodesMemory() throws {
        let native = try String(contentsOfFile: Self.scenarios[2].root + "/proc/meminfo", encoding: .utf8)
        let ours = try file("proc/meminfo", of: Self.scenarios[2])
        let moving = ["CommitLimit", "Balloon", "DirectMap", "HugePages", "Percpu", "VmallocUsed"]
        func kept(_ text: String) -> [Substring] {
            text.split(separator: "\n").filter { line in !moving.contains { line.hasPrefix($0) } }
        }
        #expect(kept(native) == kept(ours))
        let zeros = ours.split(separator: "\n").filter { line in
            ["Percpu:", "VmallocUsed:", "DirectMap"].contains { line.hasPrefix($0) }
        }
        #expect(zeros.count == 5 && zeros.allSatisfy { $0.hasSuffix(" 0 kB") })
    }

    @Test func swapIsOneDevice() throws {
        let lines = try file("proc/swaps", of: Self.scenarios[0]).split(separator: "\n")
        #expect(lines.first == "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority")
        #expect(lines.dropFirst() == ["/dev/swap                               partition\t65536\t\t8192\t\t-2"])
    }

    @Test func disksOfTheViewAlone() throws {
        #expect(try file("proc/diskstats", of: Self.scenarios[0]) == " 254       0 vda 100 0 2048 0 50 0 1024 0 0 0 0 1 0 8 0 0 0\n")
        #expect(try file("proc/diskstats", of: Self.scenarios[2]).isEmpty)
    }

    @Test func timeOfTheView() throws {
        // Two CPUs for 10.25 s, 7 s used, 0.5 s throttled: 13 s idle.
        #expect(try file("proc/uptime", of: Self.scenarios[0]) == "10.25 13.00\n")
        let stat = try file("proc/stat", of: Self.scenarios[0])
        #expect(stat.hasPrefix("cpu  300 100 300 1300 0 0 0 50 0 0\ncpu0 150 50 150 650 0 0 0 25 0 0\ncpu1 150 50 150 650 0 0 0 25 0 0\n"))
        // 1,700,000,000.5 s now, 10.25 s ago.
        #expect(stat.contains("\nbtime 1699999990\nprocesses 43\nprocs_running 1\nprocs_blocked 1\n"))
    }

    /// `proc/locks` of the fixture: one that holds with two that wait, one of an open file, one that is let go of.
    @Test func locksOfTheViewAlone() throws {
        #expect(
            try file("proc/locks", of: Self.scenarios[0]) == """
                1: POSIX  ADVISORY  WRITE 41 fe:00:6725687 0 EOF
                1:  -> POSIX  ADVISORY  WRITE 42 fe:00:6725687 0 EOF
                2: FLOCK  ADVISORY  WRITE 1 00:1c:532 0 EOF
                3: LEASE  ACTIVE    READ  43 fe:00:77 0 EOF

                """)
    }

    @Test func ticksAreOfTheViewsOwnTime() throws {
        // 3 s user, 1 s nice, 3 s system at 250 Hz.
        let scenario = Self.scenarios[0]
        #expect(try file("proc/stat", of: scenario).contains("\nintr 1750\nctxt 0\n"))
        #expect(try file("proc/stat", of: scenario).hasSuffix("\nsoftirq 1750 0 1750 0 0 0 0 0 0 0 0\n"))
        #expect(try file("proc/interrupts", of: scenario).contains("\nLOC:        875        875   Local timer interrupts\n"))
        #expect(try file("proc/softirqs", of: scenario).contains("\n       TIMER:        875        875\n"))
        #expect(
            try file("proc/schedstat", of: scenario) == """
                version 17
                timestamp 4294894858
                cpu0 0 0 0 0 0 0 3500000000 250000000 0
                cpu1 0 0 0 0 0 0 3500000000 250000000 0

                """)
    }

    /// The lines of the node's kernel, one zone with all of MemTotal, nothing of the node's sizes.
    @Test(arguments: scenarios.filter { ["hybrid-6.18-2cpu", "vm-6.1-2cpu", "vm-6.12-2cpu"].contains($0.fixture) })
    func zoneinfoHasTheLinesOfTheKernel(_ scenario: Scenario) throws {
        let text = try file("proc/zoneinfo", of: scenario)
        let native = try String(contentsOfFile: scenario.root + "/proc/zoneinfo", encoding: .utf8)
        func labels(_ text: some StringProtocol) -> [String] {
            text.split(separator: "\n").dropFirst().map { line in
                line.contains("protection")
                    ? String(line.filter { !$0.isNumber }) : String(line.reversed().drop(while: \.isNumber).reversed())
            }
        }
        #expect(labels(text) == labels(native.components(separatedBy: "\nNode 0").first ?? ""))
        let total = try #require(try fields(scenario)["MemTotal"]) / 4
        #expect(text.contains("\n        present  \(total)\n        managed  \(total)\n"))
    }

    @Test func oneZoneOfTheViewsMemory() throws {
        let text = try file("proc/zoneinfo", of: Self.scenarios[0])
        // 400 MiB, 300 free; the root of 16 x 409,600 kB is 2,560 kB.
        for line in [
            "  pages free     76800", "        spanned  102400", "        present  102400", "        managed  102400",
            "        min      640", "        low      800", "        high     960", "        promo    1120", "      nr_free_pages 76800",
            "  start_pfn:           0",
        ] {
            #expect(text.contains("\n\(line)\n"), "\(line)")
        }
    }

    @Test func schedstatHasTheKernelsVersion() throws {
        func version(_ fixture: String) throws -> Substring? {
            try file("proc/schedstat", of: try #require(Self.scenarios.first { $0.fixture == fixture })).split(separator: "\n").first
        }
        #expect(try version("vm-6.1-2cpu") == "version 15")
        #expect(try version("vm-6.12-2cpu") == "version 16")
        #expect(try version("composed") == "version 17")
    }

    @Test func cpuCountIsTheSameEverywhere() throws {
        for scenario in Self.scenarios {
            let rendered = Dictionary(uniqueKeysWithValues: try scenario.render().map { ($0.path, $0.content) })
            let online = try #require(CPUSet(list: rendered["sys/devices/system/cpu/online"] ?? "x"))
            let cpuinfo = (rendered["proc/cpuinfo"] ?? "").split(separator: "\n").filter { $0.hasPrefix("processor") }
            let stat = (rendered["proc/stat"] ?? "").split(separator: "\n").filter { $0.hasPrefix("cpu") && !$0.hasPrefix("cpu ") }
            let directories = rendered.keys.filter { $0.hasSuffix("/topology/core_id") }
            for name in ["interrupts", "softirqs"] {
                let columns = (rendered["proc/" + name] ?? "").prefix { $0 != "\n" }.split(separator: " ")
                #expect(columns == online.ids.map { "CPU\($0)" }, "\(scenario)")
            }
            let schedstat = (rendered["proc/schedstat"] ?? "").split(separator: "\n").dropFirst(2).map { $0.prefix { $0 != " " } }
            #expect(schedstat == online.ids.map { "cpu\($0)" }, "\(scenario)")
            #expect(cpuinfo.count == online.count && stat.count == online.count && directories.count == online.count, "\(scenario)")
        }
    }
}
