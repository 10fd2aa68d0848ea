import FoundationEssentials
import Tree

@testable import Linux
@testable import OCI
@testable import Readings
@testable import Sandbox
@testable import ViewServer

/// Everything that is told as text: command lines, names, CPU lists, files of other programs, node ids. The input is the text.
enum Names {
    static func run(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        quantities(text)
        tree(text)
        node(bytes.number(at: 0))
        files(bytes, text)
        containers(bytes, text)
        // What is no object is refused, slowly.
        guard bytes.first == 0x7b else { return }
        roundTrip(State.self, bytes)
        roundTrip(Spec.self, bytes)
        roundTrip(ProcessIdentity.self, bytes)
        _ = EngineLog.failure(in: Data(bytes))
    }

    private static func quantities(_ text: String) {
        if Name.isValid(text) {
            demand(text.utf8.count <= 63 && !text.utf8.contains(0x2f) && text != "." && text != "..", "name \(text)")
        }
        if let size = ByteSize(text) {
            demand(text.utf8.allSatisfy { $0 < 0x80 }, "size \(text)")
            demand(ByteSize(String(size.bytes)) == size, "size \(text)")
        }
        if let share = CPUShare(text) { demand((1000...819_200_000).contains(share.quota), "share \(text)") }
        if let set = CPUSet(list: text) {
            demand(set.ids.allSatisfy { (0..<CPUSet.most).contains($0) } && CPUSet(list: set.list) == set, "list \(text)")
            demand(CPUSet(set.ids) == set && set.intersection(set) == set, "list \(text)")
            let width = (set.ids.last ?? 0) + 1
            demand(set.mask(width: width).split(separator: ",").count == (width + 31) / 32, "mask of \(text)")
        }
    }

    /// Files a container has written, options, lines of logs.
    private static func containers(_ bytes: [UInt8], _ text: String) {
        for user in ["root", "ann:users", "7"] {
            guard let found = try? UserLookup.find(user, passwd: text, group: text) else { continue }
            demand(found.user.uid < IDRange.size && found.user.gid < IDRange.size, "ids of \(user)")
            demand((found.user.additionalGids ?? []).allSatisfy { $0 < IDRange.size }, "groups of \(user)")
        }
        if let line = LogFormat.parse(bytes) {
            let again = LogFormat.line(time: line.time, line.stream, isPart: line.isPart, line.text)
            demand(LogFormat.parse(again.dropLast()) == line, "log line \(text)")
        }
        if let volume = Volume(text) { demand(!InsidePath.isKernels(volume.destination), "volume \(text)") }
        if let pool = IDPool(text) { demand(pool.count > 0 && pool.lowestFree(besides: []) == pool.first, "pool \(text)") }
        for line in SubordinateIDs([("/etc/subuid", text)]).lines { demand(line.ids.lowerBound <= line.ids.upperBound, "subuid \(text)") }
    }

    private static func tree(_ text: String) {
        let catalog = Catalog.standard
        let cpus = CPUSet(0..<4)
        let extent = Extent(
            cpus: cpus, nodes: [NUMANode(id: 0, cpus: cpus, distances: [10], memory: 1)], memoryBlocks: 3,
            disks: [Extent.Disk(number: 0, name: "vda", major: 254, minor: 0)])
        if let place = catalog.place(at: text), !catalog.path(of: place).contains("*") {
            demand(catalog.place(at: catalog.path(of: place)) == place, "path \(text)")
        }
        for entry in catalog.entries.indices where catalog.entries[entry].kind == .directory {
            let directory = Place(entry: entry, instance: 0)
            guard let place = catalog.lookup(text, in: directory, extent: extent) else { continue }
            let listed = catalog.children(of: directory, extent: extent).contains {
                $0.place == place && $0.name.utf8.elementsEqual(text.utf8)
            }
            demand(listed, "\(text) is found, but not listed")
        }
    }

    private static func node(_ raw: UInt64) {
        let entries = Catalog.standard.entries.count
        guard let id = NodeID(raw, entries: entries) else { return }
        demand(id.raw == raw, "node \(raw)")
        demand(id.inode > 0 && id.inode <= UInt64(UInt32.max), "inode of node \(raw)")
        _ = Catalog.standard.path(of: id.place)
        _ = Catalog.standard.children(of: id.place, extent: Extent(cpus: CPUSet(0..<2)))
    }

    private static func files(_ bytes: [UInt8], _ text: String) {
        _ = Processes.startTime(stat: text)
        _ = taskState(bytes)
        _ = kernelNames(bytes)
        _ = diskNames(bytes)
        if let mount = mountPoint(of: "cgroup2", in: bytes) { demand(!mount.isEmpty, "a mount point without a name") }
    }
}

/// What is understood says the same when it is written and read again.
@discardableResult
func roundTrip<Message: Codable & Equatable>(_ type: Message.Type, _ bytes: [UInt8]) -> Message? {
    guard let message = try? JSONDecoder().decode(type, from: Data(bytes)) else { return nil }
    let again = need("writing \(message)") { try JSONDecoder().decode(type, from: JSONEncoder().encode(message)) }
    demand(message == again, "\(message) becomes \(again)")
    return message
}
