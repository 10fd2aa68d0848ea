import FoundationEssentials
import Glibc
import Linux
import SystemPackage

/// What belongs to one vNode of a machine and to no other, whatever state directory it is recorded in: its name, which is also its
/// cgroup's, and its ids. One file each, `<first id>.<name>`. Reached through descriptors: staging leaves the paths behind.
final class Claims {
    static let defaultPath = "/run/vnode/claims"

    struct Claim: Codable, Equatable {
        var bootID: String
        var stateDirectory: String
        var creator: ProcessIdentity
        /// Path of the top cgroup on the node.
        var cgroup: String
    }

    private let path: String
    private let files: OwnedFD
    private let lockFile: OwnedFD

    init(_ path: String = Claims.defaultPath) throws(Failure) {
        self.path = path
        files = try attempt("opening", path) { () throws(Errno) in
            try Directories.makeAll(path, mode: 0o700)
            return try Files.open(path, flags: O_RDONLY | O_DIRECTORY)
        }
        lockFile = try attempt("opening", path + ".lock") { () throws(Errno) in
            try Files.open(path + ".lock", flags: O_RDWR | O_CREAT, mode: 0o600)
        }
    }

    /// Nothing is claimed or given back elsewhere while `body` runs. Where the lock of a state directory is needed too, it comes first.
    func locked<Result>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
        try attempt("locking", path + ".lock") { () throws(Errno) in try Locks.lock(lockFile) }
        defer { _ = flock(lockFile.raw, LOCK_UN) }
        return try body()
    }

    /// Claims a name and the lowest free range of ids. Answers the first of them.
    func take(_ name: String, _ claim: Claim, from pool: IDPool, besides subordinate: SubordinateIDs) throws(Failure) -> UInt32 {
        try locked { () throws(Failure) in
            if let known = try all().first(where: { $0.name == name }) {
                if let other = lives(known) {
                    throw Failure(
                        "a vNode named \"\(name)\" is already there, of the state directory \(other.stateDirectory): choose another --name, or "
                            + "vnode stop --state-dir \(other.stateDirectory) \(name)")
                }
                forget(known)
            }
            let reserved = subordinate.lines.map(\.ids)
            var base = pool.lowestFree(besides: try all().map(\.ids) + reserved)
            if base == nil {
                for known in try all() where lives(known) == nil { forget(known) }
                base = pool.lowestFree(besides: try all().map(\.ids) + reserved)
            }
            guard let base else { throw Claims.exhausted(pool, used: try all().filter { pool.overlaps($0.ids) }.count, subordinate) }
            try write(claim, Entry(base: base, name: name))
            return base
        }
    }

    /// Gives back what a vNode has claimed; somebody else's claim to the name stays.
    func release(_ name: String, bootID: String?, stateDirectory: String) throws(Failure) {
        try locked { () throws(Failure) in
            if try isOthers(name, bootID: bootID, stateDirectory: stateDirectory) { return }
            for known in try all() where known.name == name { forget(known) }
        }
    }

    /// Whether another vNode has the name: one of another state directory, or made since. Only under `locked`.
    func isOthers(_ name: String, bootID: String?, stateDirectory: String) throws(Failure) -> Bool {
        guard let known = try all().first(where: { $0.name == name }), let claim = read(known) else { return false }
        return bootID.map { claim.bootID != $0 } ?? (claim.stateDirectory != stateDirectory)
    }

    static func exhausted(_ pool: IDPool, used: Int, _ subordinate: SubordinateIDs) -> Failure {
        let lines = subordinate.lines.filter { pool.overlaps($0.ids) }
        var text = "no range of \(IDRange.size) ids is free in \(pool.first)-\(pool.last): \(used) of \(pool.count) belong to vNodes"
        if let first = lines.first {
            text += ", others to users (\(first.place)\(lines.count > 1 ? " and \(lines.count - 1) more" : ""))"
            text +=
                ": stop some, name other ids with --ids, or change that file (lines of the user \(SubordinateIDs.ownName) are for vNodes)"
        } else {
            text += ": stop some, or name more ids with --ids"
        }
        return Failure(text)
    }

    // MARK: - files

    private struct Entry {
        let base: UInt32
        let name: String

        var file: String { "\(base).\(name)" }
        var ids: ClosedRange<UInt32> { base...base + (IDRange.size - 1) }
    }

    private func all() throws(Failure) -> [Entry] {
        let names = try attempt("listing", path) { () throws(Errno) in try Directories.list(".", below: files.raw) }.map(\.name)
        return names.compactMap { name in
            guard let dot = name.firstIndex(of: "."), let base = IDPool.number(name[..<dot]),
                base <= IDPool.standard.last - IDRange.size + 1
            else { return nil }
            return Entry(base: base, name: String(name[name.index(after: dot)...]))
        }
    }

    /// nil for one whose writer died in the middle.
    private func read(_ entry: Entry) -> Claim? {
        (try? Files.read(entry.file, below: files.raw)).flatMap { try? JSONDecoder().decode(Claim.self, from: Data($0)) }
    }

    /// The claim, while who made it or any process of its vNode lives.
    private func lives(_ entry: Entry) -> Claim? {
        guard let claim = read(entry), claim.creator.isAlive || Cgroup.isPopulated(claim.cgroup) else { return nil }
        return claim
    }

    private func write(_ claim: Claim, _ entry: Entry) throws(Failure) {
        let bytes: [UInt8]
        do { bytes = Array(try JSONEncoder().encode(claim)) } catch { throw Failure("claiming \(entry.file): \(error)") }
        try attempt("writing", "\(path)/\(entry.file)") { () throws(Errno) in
            let file = try Files.open(entry.file, below: files.raw, flags: O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
            do throws(Errno) { try Files.write(bytes, to: file) } catch {
                forget(entry)
                throw error
            }
        }
    }

    private func forget(_ entry: Entry) { _ = unsafe unlinkat(files.raw, entry.file, 0) }
}
