import SystemPackage
import Text
import Tree

/// The node's CPU lists.
struct NodeCPUs: Sendable {
    let online: CPUSet
    let possible: CPUSet
    let kernelMax: Int

    /// Only `online` can change while the node runs: the rest is taken over from the last reading.
    init(_ directory: Directory, online file: KeptFile, last: NodeCPUs?) throws(Errno) {
        online = try cpuList(file.read(below: directory))
        if let last {
            possible = last.possible
            kernelMax = last.kernelMax
        } else {
            possible = try cpuList(directory.read("possible"))
            kernelMax = try Digits.parse(file: directory.read("kernel_max")).map { Int(clamping: $0) } ?? 0
        }
    }
}

/// A CPU list file; what cannot be read is the empty set.
func cpuList(_ bytes: [UInt8]) -> CPUSet { CPUSet(file: bytes) ?? CPUSet() }

/// One CPU's `topology` directory. A file the kernel does not have stays at its default.
func readTopology(of id: Int, _ cpuDirectory: Directory) throws(Errno) -> Snapshot.Topology {
    let directory: Directory
    do {
        directory = try cpuDirectory.directory("cpu\(id)").directory("topology")
    } catch .noSuchFileOrDirectory {
        var topology = Snapshot.Topology()
        topology.coreCPUs = CPUSet([id])
        topology.packageCPUs = CPUSet([id])
        return topology
    }
    func bytes(_ names: String...) throws(Errno) -> [UInt8]? {
        for name in names {
            do { return try directory.read(name) } catch .noSuchFileOrDirectory { continue }
        }
        return nil
    }
    var topology = Snapshot.Topology()
    topology.package = try bytes("physical_package_id").flatMap(Digits.parseSigned(file:)) ?? -1
    topology.core = try bytes("core_id").flatMap(Digits.parseSigned(file:)) ?? 0
    topology.die = try bytes("die_id").flatMap(Digits.parseSigned(file:))
    topology.cluster = try bytes("cluster_id").flatMap(Digits.parseSigned(file:))
    topology.coreCPUs = try bytes("core_cpus_list", "thread_siblings_list").map(cpuList) ?? CPUSet([id])
    topology.packageCPUs = try bytes("package_cpus_list", "core_siblings_list").map(cpuList) ?? CPUSet([id])
    topology.dieCPUs = try bytes("die_cpus_list").map(cpuList)
    topology.clusterCPUs = try bytes("cluster_cpus_list").map(cpuList)
    return topology
}

/// One CPU's `cache` directory; empty when the kernel knows no caches.
func readCaches(of id: Int, _ cpuDirectory: Directory) throws(Errno) -> [Snapshot.Cache] {
    var caches: [Snapshot.Cache] = []
    do {
        let directory = try cpuDirectory.directory("cpu\(id)").directory("cache")
        while caches.count < Snapshot.Cache.most { caches.append(try readCache(directory.directory("index\(caches.count)"))) }
    } catch .noSuchFileOrDirectory {}
    return caches
}

private func readCache(_ directory: Directory) throws(Errno) -> Snapshot.Cache {
    func bytes(_ name: String) throws(Errno) -> [UInt8]? {
        do { return try directory.read(name) } catch .noSuchFileOrDirectory { return nil }
    }
    func number(_ name: String) throws(Errno) -> Int? { try bytes(name).flatMap(Digits.parseSigned(file:)) }
    func text(_ name: String) throws(Errno) -> String? { try bytes(name).map { String(decoding: trimmed($0[...]), as: UTF8.self) } }
    var cache = Snapshot.Cache()
    cache.level = try number("level")
    cache.type = try text("type")
    cache.size = try text("size")
    cache.id = try number("id")
    cache.lineSize = try number("coherency_line_size")
    cache.sets = try number("number_of_sets")
    cache.ways = try number("ways_of_associativity")
    cache.partitions = try number("physical_line_partition")
    cache.shared = try bytes("shared_cpu_list").map(cpuList) ?? CPUSet()
    return cache
}

/// The files of `vulnerabilities` and their content.
func readVulnerabilities(_ cpuDirectory: Directory) throws(Errno) -> [String: [UInt8]] {
    var found: [String: [UInt8]] = [:]
    let directory: Directory
    do { directory = try cpuDirectory.directory("vulnerabilities") } catch .noSuchFileOrDirectory { return [:] }
    for name in Vulnerabilities.names {
        do { found[name] = try directory.read(name) } catch .noSuchFileOrDirectory { continue }
    }
    return found
}

/// The blocks of cpuinfo that describe a CPU.
func processorBlocks(_ bytes: [UInt8]) -> [Snapshot.Processor] {
    blocks(bytes).compactMap { lines in
        func number(_ name: String) -> Int? {
            lines.first { $0.name == name }.flatMap { Digits.parse(trimmed($0.value)) }.map { Int(clamping: $0) }
        }
        guard let id = number("processor") else { return nil }
        var processor = Snapshot.Processor()
        processor.id = id
        processor.package = number("physical id")
        processor.core = number("core id")
        processor.lines = lines
        return processor
    }
}
