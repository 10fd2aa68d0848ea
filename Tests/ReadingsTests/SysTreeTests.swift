import Foundation
import Readings
import Testing
import Text
import Tree

/// What must hold between the files of `/sys` and with `/proc`, in every scenario.
@Suite struct SysTreeTests {
    private func files(_ scenario: Scenario) throws -> [String: String] {
        Dictionary(uniqueKeysWithValues: try scenario.render().map { ($0.path, $0.content) })
    }

    private func set(_ path: String, in files: [String: String]) throws -> CPUSet {
        let list = try #require(files[path], "\(path)")
        return try #require(CPUSet(list: list), "\(path)")
    }

    /// Numbers of the entries `prefix`N of a directory.
    private func numbers(_ prefix: String, in directory: String, of files: [String: String]) -> CPUSet {
        CPUSet(
            files.keys.compactMap { path in
                guard path.hasPrefix(directory + "/" + prefix) else { return nil }
                return Int(path.dropFirst(directory.count + 1 + prefix.count).prefix { $0 != "/" })
            })
    }

    @Test(arguments: FixtureTests.scenarios) func theCPUsAreTheSameEverywhere(_ scenario: Scenario) throws {
        let files = try files(scenario)
        let cpu = "sys/devices/system/cpu"
        let online = try set(cpu + "/online", in: files)
        #expect(try set(cpu + "/present", in: files) == online)
        #expect(numbers("cpu", in: cpu, of: files) == online)
        #expect(numbers("cpu", in: "sys/bus/cpu/devices", of: files) == online)
        let nodes = try set("sys/devices/system/node/online", in: files)
        #expect(numbers("node", in: "sys/devices/system/node", of: files) == nodes)
        #expect(try set("sys/devices/system/node/has_cpu", in: files) == nodes)
        var inNodes: [Int] = []
        for id in nodes.ids {
            let node = "sys/devices/system/node/node\(id)"
            let cpus = try set(node + "/cpulist", in: files)
            #expect(numbers("cpu", in: node, of: files) == cpus)
            let width = try width(files)
            #expect(files[node + "/cpumap"] == cpus.mask(width: width) + "\n")
            for cpu in cpus.ids { #expect(files["sys/devices/system/cpu/cpu\(cpu)/node\(id)"] == "-> ../../node/node\(id)\n") }
            #expect(files[node + "/distance"]?.split(separator: " ").count == nodes.count)
            inNodes += cpus.ids
        }
        #expect(inNodes.sorted() == online.ids)
    }

    private func width(_ files: [String: String]) throws -> Int {
        (try set("sys/devices/system/cpu/possible", in: files).ids.last ?? 0) + 1
    }

    @Test(arguments: FixtureTests.scenarios) func sharingIsAmongVisibleCPUs(_ scenario: Scenario) throws {
        let files = try files(scenario)
        let online = try set("sys/devices/system/cpu/online", in: files)
        for (path, content) in files where path.hasSuffix("shared_cpu_list") || path.contains("/topology/") && path.hasSuffix("_list") {
            let set = try #require(CPUSet(list: content), "\(path)")
            #expect(set.intersection(online) == set, "\(path)")
            let cpu = path.split(separator: "/")[4]
            let id = try #require(Int(cpu.dropFirst(3)))
            #expect(set.contains(id), "\(path)")
        }
    }

    /// Every field that both have; MemUsed is what is not free.
    @Test(arguments: FixtureTests.scenarios) func memoryOfTheNodesAddsUp(_ scenario: Scenario) throws {
        let files = try files(scenario)
        var sums: [String: Int] = [:]
        for id in try set("sys/devices/system/node/online", in: files).ids {
            var own: [String: Int] = [:]
            for line in try #require(files["sys/devices/system/node/node\(id)/meminfo"]).split(separator: "\n") {
                let words = line.split(separator: " ")
                #expect(words.prefix(2) == ["Node", "\(id)"])
                #expect(words.count == (line.contains("HugePages_") ? 4 : 5), "\(line)")
                own[String(words[2].dropLast())] = Int(words[3])
            }
            #expect(own["MemUsed"] == (own["MemTotal"] ?? 0) - (own["MemFree"] ?? 0))
            sums.merge(own, uniquingKeysWith: +)
        }
        var compared = 0
        for line in try #require(files["proc/meminfo"]).split(separator: "\n") {
            let words = line.split(separator: " ")
            guard let sum = sums[String(words[0].dropLast())] else { continue }
            #expect(sum == Int(words[1]), "\(line)")
            compared += 1
        }
        #expect(compared >= 2)
    }

    @Test(arguments: FixtureTests.scenarios) func symlinksLeadToWhatIsThere(_ scenario: Scenario) throws {
        let files = try files(scenario)
        var directories: Set<String> = ["sys/bus/cpu", "sys/bus/node", "sys/bus/memory"]
        for path in files.keys {
            var parts = path.split(separator: "/")
            while !parts.isEmpty {
                parts.removeLast()
                directories.insert(parts.joined(separator: "/"))
            }
        }
        var count = 0
        for (path, content) in files where content.hasPrefix("-> ") {
            var parts = path.split(separator: "/").dropLast()
            for part in content.dropFirst(3).dropLast().split(separator: "/") {
                if part == ".." { _ = parts.popLast() } else { parts.append(part) }
            }
            #expect(directories.contains(parts.joined(separator: "/")), "\(path) \(content)")
            count += 1
        }
        #expect(count > 5)
    }

    /// As the kernel wrote them, where nothing limits the view.
    @Test(arguments: FixtureTests.scenarios.filter { $0.name == "work" }) func withoutLimitsNodeFilesAreTheKernels(_ scenario: Scenario)
        throws
    {
        var compared = 0
        for (path, content) in try scenario.render() where path.hasPrefix("sys/devices/system/node/") {
            let native = scenario.root + "/" + path
            guard let text = try? String(contentsOfFile: native, encoding: .utf8), !native.hasSuffix("/meminfo") else { continue }
            #expect(content == text, "\(path)")
            compared += 1
        }
        #expect(compared >= 6)
    }

    @Test func twoNodes() throws {
        let scenario = try #require(FixtureTests.scenarios.first { $0.fixture == "vm-6.12-32cpu-2numa" })
        let files = try files(scenario)
        #expect(files["sys/devices/system/node/node1/cpulist"] == "16-31\n")
        #expect(files["sys/devices/system/node/node1/cpumap"] == "ffff0000\n")
        #expect(files["sys/devices/system/node/node1/distance"] == "20 10\n")
        let native = try String(contentsOfFile: scenario.root + "/sys/devices/system/node/node1/meminfo", encoding: .utf8)
        let ours = try #require(files["sys/devices/system/node/node1/meminfo"])
        func shape(_ text: String) -> [String] { text.split(separator: "\n").map { "\($0.prefix { $0 != ":" }) \($0.count)" } }
        #expect(shape(native) == shape(ours))
        // Of 4,042,588 kB in all, as the nodes have it but for what the kernel rounds.
        #expect(ours.hasPrefix(String(native.prefix { $0 != "\n" }.dropLast(6))))
    }

    @Test func theProductUUIDIsTheVNodes() throws {
        let files = try files(FixtureTests.scenarios[0])
        let uuid = try #require(files["sys/devices/virtual/dmi/id/product_uuid"])
        #expect(UUID(uuidString: String(uuid.dropLast())).map { $0.uuidString.lowercased() + "\n" } == uuid)
        #expect(uuid != files["proc/sys/kernel/random/boot_id"])
        #expect(try self.files(FixtureTests.scenarios[3])["sys/devices/virtual/dmi/id/product_uuid"] == uuid, "made from the boot_id alone")
    }

    @Test func disksAreThoseOfDiskstats() throws {
        let files = try files(FixtureTests.scenarios[0])
        #expect(files["sys/block/vda"] == "-> ../devices/virtual/block/vda\n")
        #expect(files["sys/class/block/vda"] == "-> ../../devices/virtual/block/vda\n")
        #expect(files["sys/dev/block/254:0"] == "-> ../../devices/virtual/block/vda\n")
        #expect(files["sys/devices/virtual/block/vda/dev"] == "254:0\n")
        #expect(
            files["sys/devices/virtual/block/vda/stat"]
                == "     100        0     2048        0       50        0     1024        0        0        0        0        1        0        8        0        0        0\n"
        )
        #expect(!(try self.files(FixtureTests.scenarios[2])).keys.contains { $0.hasPrefix("sys/devices/virtual/block/") })
    }

    @Test func memoryBlocksHoldMemTotal() throws {
        for scenario in FixtureTests.scenarios {
            let files = try files(scenario)
            let digits = try #require(files["sys/devices/system/memory/block_size_bytes"]).dropLast()
            let size = try #require(Int(digits, radix: 16))
            let count = numbers("memory", in: "sys/devices/system/memory", of: files).count
            let words = try #require(files["proc/meminfo"]).split(separator: "\n")[0].split(separator: " ")
            let kilobytes = try #require(Int(words[1]))
            let total = kilobytes * 1024
            #expect(count * size >= total && (count - 1) * size < total, "\(scenario)")
        }
    }
}
