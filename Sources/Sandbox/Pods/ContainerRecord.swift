import FoundationEssentials
import Glibc
import Linux
import SystemPackage

/// What is remembered of a container from its `create` to its `delete`.
struct ContainerRecord: Codable, Equatable {
    var id: String
    var vnode: String
    /// Tells the vNode from a later one of the same name. Empty until it is there.
    var bootID: String
    /// Path of the engine that makes it, and knows it.
    var engine: String?
    var sandboxID: String?
    /// Who makes it.
    var creator: ProcessIdentity?
    var view: UInt32?
    /// The container's first process.
    var process: ProcessIdentity?
    /// Of the container on the node, and what of it was made here, the topmost first.
    var cgroup: String?
    var madeCgroups: [String] = []
    var hasAppArmor = false
    var isSystemd = false
    /// Where its pod's `/dev/shm` is shown in the outer container.
    var shownAt: [String] = []

    /// Whether its `create` was killed: nobody will ever start it, nor need anybody delete it.
    var isAbandoned: Bool { process == nil && creator?.isGone == true }
}

/// Records of containers, `containers/<root>,<id>` below the state directory: ids are told apart by the `--root` they came with,
/// which is containerd's namespace.
final class ContainerRecords {
    private let path: String
    private let files: OwnedFD

    init(stateDirectory: String) throws(Failure) {
        let path = stateDirectory + "/containers"
        self.path = path
        files = try attempt("opening", path) { () throws(Errno) in
            try Directories.makeAll(path, mode: 0o700)
            return try Files.open(path, flags: O_RDONLY | O_DIRECTORY)
        }
    }

    /// Name of a container's record. Throws for what cannot be a container's id.
    static func name(root: String, id: String) throws(Failure) -> String {
        let allowed = { (byte: UInt8) in
            (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
                || [0x2d, 0x2e, 0x5f, 0x2b].contains(byte)
        }
        guard let first = id.utf8.first, first != 0x2e, first != 0x2d, id.utf8.count <= 76, id.utf8.allSatisfy(allowed) else {
            throw Failure("invalid container id \"\(id)\": 1 to 76 of letters, digits, _ + - .")
        }
        let place = root.split(separator: "/").joined(separator: ",")
        guard place.utf8.count + id.utf8.count < 250 else { throw Failure("--root \(root): too long") }
        return "\(place),\(id)"
    }

    /// nil for none, and for one whose writer died in the middle.
    func read(_ name: String) -> ContainerRecord? {
        (try? Files.read(name, below: files.raw)).flatMap { try? JSONDecoder().decode(ContainerRecord.self, from: Data($0)) }
    }

    func write(_ record: ContainerRecord, _ name: String) throws(Failure) {
        let bytes: [UInt8]
        do { bytes = Array(try JSONEncoder().encode(record)) } catch { throw Failure("recording \(record.id): \(error)") }
        let directory = files.raw
        try attempt("writing", "\(path)/\(name)") { () throws(Errno) in
            // A dot is no name's first character.
            let new = ".\(getpid())"
            _ = try Files.open(new, below: directory, flags: O_WRONLY | O_CREAT | O_TRUNC, mode: 0o600)
            try Files.write(bytes, to: new, below: directory)
            _ = try check(unsafe renameat(directory, new, directory, name))
        }
    }

    func forget(_ name: String) { _ = unsafe unlinkat(files.raw, name, 0) }

    typealias Entry = (name: String, record: ContainerRecord)

    /// All there are. Fails rather than to leave out one that is there: what no record names is taken away.
    func all() throws(Failure) -> [Entry] {
        let directory = files.raw
        var found: [Entry] = []
        for entry in try attempt("listing", path, { () throws(Errno) in try Directories.list(".", below: directory) }) {
            if entry.name.hasPrefix(".") { continue }
            if let record = read(entry.name) {
                found.append((entry.name, record))
            } else if Directories.kind(entry.name, below: directory) != nil {
                throw Failure("\(path)/\(entry.name): the record of a container cannot be read")
            }
        }
        return found
    }

    /// Whether a vNode has a container on record, not counting those of an earlier one of the same name and those that are abandoned.
    static func hasMembers(_ vnode: String, bootID: String, in known: [Entry]) -> Bool {
        known.contains { $0.record.vnode == vnode && $0.record.bootID == bootID && !$0.record.isAbandoned }
    }

    /// Removes what writers that were killed have left.
    func removeTorn() {
        for entry in (try? Directories.list(".", below: files.raw)) ?? [] where entry.name.hasPrefix(".") {
            guard let pid = Int32(entry.name.dropFirst()), pid > 0, Processes.startTime(of: pid) == nil else { continue }
            _ = unsafe unlinkat(files.raw, entry.name, 0)
        }
    }
}
