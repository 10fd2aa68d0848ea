import FoundationEssentials
import Glibc
import Linux
import SystemPackage

/// Where the launcher remembers its vNodes. Everything below is reached through descriptors: staging leaves the paths behind.
public final class StateDirectory {
    public static let defaultPath = "/run/vnode"

    let path: String
    let vnodes: OwnedFD
    /// Of all state directories.
    let claims: Claims
    private let lockFile: OwnedFD

    public convenience init(_ path: String) throws(Failure) { try self.init(path, claims: Claims()) }

    init(_ path: String, claims: Claims) throws(Failure) {
        self.path = path
        self.claims = claims
        vnodes = try attempt("opening the state directory", path) { () throws(Errno) in
            try Directories.makeAll(path + "/vnodes", mode: 0o700)
            return try Files.open(path + "/vnodes", flags: O_RDONLY | O_DIRECTORY)
        }
        lockFile = try attempt("opening", path + "/lock") { () throws(Errno) in
            try Files.open(path + "/lock", flags: O_RDWR | O_CREAT, mode: 0o600)
        }
    }

    /// Nothing is allocated or cleaned elsewhere while `body` runs.
    func locked<Result: ~Copyable>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
        try attempt("locking", path + "/lock") { () throws(Errno) in try Locks.lock(lockFile) }
        defer { _ = flock(lockFile.raw, LOCK_UN) }
        return try body()
    }

    func names() throws(Failure) -> [String] {
        try attempt("listing", path + "/vnodes") { () throws(Errno) in
            try Directories.list(".", below: vnodes.raw).filter { $0.kind == .directory }.map(\.name).sorted()
        }
    }

    func state(of name: String) -> State? {
        guard let bytes = try? Files.read("\(name)/state.json", below: vnodes.raw) else { return nil }
        return try? JSONDecoder().decode(State.self, from: Data(bytes))
    }

    func directory(of name: String) -> String { "\(path)/vnodes/\(name)" }

    /// Replaces what is written about a vNode, all or nothing.
    func write(_ state: State) throws(Failure) {
        let bytes: [UInt8]
        do { bytes = Array(try JSONEncoder().encode(state)) } catch { throw Failure("writing the state of \(state.name): \(error)") }
        try attempt("writing", directory(of: state.name) + "/state.json") { () throws(Errno) in
            let new = "\(state.name)/state.json.new"
            _ = try Files.open(new, below: vnodes.raw, flags: O_WRONLY | O_CREAT | O_TRUNC, mode: 0o600)
            try Files.write(bytes, to: new, below: vnodes.raw)
            _ = try check(unsafe renameat(vnodes.raw, new, vnodes.raw, "\(state.name)/state.json"))
        }
    }

    /// Records an inner container and who runs it, so that it is found when that one dies.
    func record(_ container: String, of name: String, runBy process: ProcessIdentity) throws(Failure) {
        let bytes: [UInt8]
        do { bytes = Array(try JSONEncoder().encode(process)) } catch { throw Failure("recording \(container): \(error)") }
        try attempt("writing", directory(of: name) + "/" + container) { () throws(Errno) in
            _ = try Files.open("\(name)/\(container)", below: vnodes.raw, flags: O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
            try Files.write(bytes, to: "\(name)/\(container)", below: vnodes.raw)
        }
    }

    func forget(_ container: String, of name: String) { _ = unsafe unlinkat(vnodes.raw, "\(name)/\(container)", 0) }

    /// Inner containers of `vnode exec` on record, and who runs them; nil for a record that is not whole yet.
    func containers(of name: String) -> [(name: String, runBy: ProcessIdentity?)] {
        let entries = (try? Directories.list(name, below: vnodes.raw)) ?? []
        return entries.map(\.name).filter { $0.hasPrefix(Entry.prefix + "-") }.map { container in
            let bytes = (try? Files.read("\(name)/\(container)", below: vnodes.raw)) ?? []
            return (container, try? JSONDecoder().decode(ProcessIdentity.self, from: Data(bytes)))
        }
    }

    /// A new log of a container. Those of containers that ended long ago make room for it.
    func makeLog(of container: String, in name: String) throws(Failure) -> ContainerLog {
        dropLogs(of: name)
        return try attempt("making the log", directory(of: name) + "/" + ContainerLog.directory) { () throws(Errno) in
            try ContainerLog(container, below: name, of: vnodes)
        }
    }

    private func dropLogs(of name: String) {
        let directory = "\(name)/\(ContainerLog.directory)"
        let logs = ((try? Directories.list(directory, below: vnodes.raw)) ?? []).map { entry in
            var status = stat()
            let isThere = unsafe fstatat(vnodes.raw, "\(directory)/\(entry.name)", &status, AT_SYMLINK_NOFOLLOW) == 0
            return (name: entry.name, written: isThere ? Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec) : 0)
        }
        // Read after the listing: a container is on record before it has a log.
        let running = Set(containers(of: name).map(\.name))
        for log in ContainerLog.superseded(logs, running: running) {
            for file in [log, log + ".1", log + ".next.1"] { _ = unsafe unlinkat(vnodes.raw, "\(directory)/\(file)", 0) }
        }
    }

    /// The lock that says a process is at work on a vNode; nil when another one is, or there is no such vNode.
    func lock(_ name: String, _ mode: Locks.Mode) -> OwnedFD? {
        guard let file = try? Files.open("\(name)/lock", below: vnodes.raw, flags: O_RDWR) else { return nil }
        if (try? Locks.tryLock(file, mode)) != true { return nil }
        return file
    }

    /// Finds a new vNode its ids, records it and takes its lock.
    func allocate(
        _ state: inout State, from pool: IDPool, besides subordinate: SubordinateIDs = .ofThisMachine()
    ) throws(Failure) -> OwnedFD {
        var found = state
        let lock = try locked { () throws(Failure) in
            if Directories.kind(found.name, below: vnodes.raw) != nil { throw StateDirectory.isThere(found.name) }
            let claim = Claims.Claim(bootID: found.bootID, stateDirectory: path, creator: found.creator, cgroup: found.cgroup)
            found.uidBase = try claims.take(found.name, claim, from: pool, besides: subordinate)
            do throws(Failure) { return try create(found) } catch {
                try? release(found)
                throw error
            }
        }
        state = found
        return lock
    }

    /// Gives name and ids back.
    func release(_ state: State) throws(Failure) { try claims.release(state.name, bootID: state.bootID, stateDirectory: path) }

    private static func isThere(_ name: String) -> Failure {
        Failure("a vNode named \"\(name)\" is already there: choose another --name, or vnode stop it")
    }

    /// Records a new vNode and takes its lock. Only under `locked`.
    private func create(_ state: State) throws(Failure) -> OwnedFD {
        do { try Directories.make(state.name, below: vnodes.raw, mode: 0o700) } catch {
            if error == .fileExists { throw StateDirectory.isThere(state.name) }
            throw Failure("making", directory(of: state.name), error)
        }
        let lock = try attempt("locking", directory(of: state.name) + "/lock") { () throws(Errno) in
            let file = try Files.open("\(state.name)/lock", below: vnodes.raw, flags: O_RDWR | O_CREAT, mode: 0o600)
            try Locks.lock(file)
            return file
        }
        try write(state)
        return lock
    }

    func forget(_ name: String) throws(Errno) { try Directories.removeTree(name, below: vnodes.raw) }
}
