import Control
import Glibc
import Linux
import SystemPackage

/// The vNodes of pods: made for the first container that needs one, gone with the last.
final class PodVNodes {
    let settings: RuntimeSettings
    let directory: StateDirectory
    let records: ContainerRecords
    /// Which engine has made the containers is known.
    private let mayRunEngine: Bool

    init(_ settings: RuntimeSettings, mayRunEngine: Bool = true) throws(Failure) {
        self.settings = settings
        self.mayRunEngine = mayRunEngine
        directory = try StateDirectory(settings.stateDirectory)
        records = try ContainerRecords(stateDirectory: settings.stateDirectory)
    }

    /// The vNode of a key, with the container on record in it: it stays until that leaves.
    func join(_ key: PodKey, _ record: inout ContainerRecord, as name: String) throws(Failure) -> State {
        if let old = records.read(name), old.isAbandoned { takeAway(old, as: name) }
        let vnode = key.vnodeName
        let lock = try lock(vnode)
        defer { withExtendedLifetime(lock) {} }
        let old = records.read(name)
        if let old, let state = directory.state(of: old.vnode), state.bootID == old.bootID {
            throw Failure("container with given ID already exists")
        }
        record.vnode = vnode
        record.bootID = ""
        // Before anything is made: whoever finds the record sees whether somebody is still at it.
        record.creator = ProcessIdentity(pid: getpid())
        try records.write(record, name)
        do throws(Failure) {
            let state: State
            if let found = try find(key) { state = found } else { state = try make(key) }
            record.bootID = state.bootID
            try records.write(record, name)
            return state
        } catch {
            if let old { try? records.write(old, name) } else { records.forget(name) }
            throw error
        }
    }

    /// Takes a container off the record, and its vNode away when that was the last.
    func leave(_ record: ContainerRecord, as name: String) throws(Failure) {
        if let others = try depart(record, as: name) { sweep(others) }
    }

    /// Answers who else is on record; nil where that cannot be told, and the vNode stays.
    private func depart(_ record: ContainerRecord, as name: String) throws(Failure) -> [ContainerRecords.Entry]? {
        let lock = try lock(record.vnode)
        defer { withExtendedLifetime(lock) {} }
        let others: [ContainerRecords.Entry]
        do throws(Failure) { others = try records.all().filter { $0.name != name } } catch {
            Say.error("vnode: \(record.vnode) stays: \(error)")
            records.forget(name)
            return nil
        }
        // The record goes last: who is killed in between is asked again.
        try takeDownUnlessUsed(record, others)
        records.forget(name)
        return others
    }

    /// Takes away the vNode of a record, unless others are in it. Answers its state if they are. Only under its lock: whoever makes one
    /// holds it until the record says which.
    @discardableResult
    private func takeDownUnlessUsed(
        _ record: ContainerRecord, _ others: [ContainerRecords.Entry]
    ) throws(Failure) -> State? {
        guard let state = directory.state(of: record.vnode) else {
            // Its maker was killed before it had written anything down.
            if record.bootID.isEmpty { try clean(record.vnode, nil) }
            return nil
        }
        guard state.pod != nil, state.bootID == record.bootID || record.bootID.isEmpty else { return nil }
        if ContainerRecords.hasMembers(state.name, bootID: state.bootID, in: others) { return state }
        try takeDown(state)
        return nil
    }

    // MARK: what was left behind

    /// Takes away what a create that was killed has left, and nobody deletes: containers that were never whole, and vNodes without one.
    /// What somebody is at work on is left to them.
    func sweep(_ known: [ContainerRecords.Entry]) {
        records.removeTorn()
        for one in known where one.record.isAbandoned { takeAway(one.record, as: one.name) }
        let used = Set(known.lazy.map(\.record.vnode))
        for name in (try? directory.names()) ?? [] where !used.contains(name) {
            guard directory.state(of: name)?.pod != nil, let lock = tryLock(name) else { continue }
            defer { withExtendedLifetime(lock) {} }
            guard let state = directory.state(of: name), state.pod != nil,
                let known = try? records.all(), !ContainerRecords.hasMembers(name, bootID: state.bootID, in: known)
            else { continue }
            do throws(Failure) { try takeDown(state) } catch { Say.error("vnode: taking away \(name): \(error)") }
        }
    }

    private func takeAway(_ old: ContainerRecord, as name: String) {
        guard let lock = tryLock(old.vnode) else { return }
        defer { withExtendedLifetime(lock) {} }
        guard let record = records.read(name), record.vnode == old.vnode, record.isAbandoned else { return }
        do throws(Failure) {
            if let state = try takeDownUnlessUsed(record, try records.all()) {
                guard mayRunEngine else { return }
                // Its outer container is left alone: paths there may lead through file systems of the vNode's own, which need not answer, and
                // who sweeps may be another's. What is shown there of the pod's goes with the vNode.
                var rest = record
                rest.shownAt = []
                Deletion.takeAway(rest, in: try Inside(state, settings, for: record), isForced: true)
            }
            Deletion.removeCgroup(record)
            ContainerCgroup.remove(record.madeCgroups)
            records.forget(name)
        } catch { Say.error("vnode: taking away \(record.id): \(error)") }
    }

    /// What is up and served under the key; takes away what is not.
    private func find(_ key: PodKey) throws(Failure) -> State? {
        let name = key.vnodeName
        guard Directories.kind(name, below: directory.vnodes.raw) != nil else { return nil }
        guard let state = directory.state(of: name) else {
            try clean(name, nil)
            return nil
        }
        guard state.pod == key else {
            throw Failure("a vNode named \"\(name)\" is already there, and is not for these pods: vnode stop \(name)")
        }
        if state.phase == .kept, state.initProcess?.isWhole == true, Daemon.serves(state) { return state }
        try takeDown(state)
        return nil
    }

    private func takeDown(_ state: State) throws(Failure) {
        if let first = state.initProcess?.open() {
            try? Processes.send(SIGKILL, to: first)
            _ = try? Poll.readable([first.raw], milliseconds: 5000)
        }
        // It may have noticed the end by itself.
        if let daemon = try? Daemon.reconnect(state) { _ = try? daemon.ask(.removeVNode(name: state.name), "removing the vNode") }
        try clean(state.name, state)
    }

    private func clean(_ name: String, _ state: State?) throws(Failure) {
        let directory = directory
        // Whoever is at work on it lets go soon: its processes are dead.
        for _ in 0..<500 {
            let isDone = try directory.locked { () throws(Failure) in
                guard Directories.kind(name, below: directory.vnodes.raw) != nil else { return true }
                let lock = directory.lock(name, .exclusive)
                if lock == nil, Directories.kind("\(name)/lock", below: directory.vnodes.raw) != nil { return false }
                try directory.clean(name, state)
                _ = consume lock
                return true
            }
            if isDone { return }
            usleep(10_000)
        }
        throw Failure("taking away the vNode \"\(name)\": a process still holds \(directory.directory(of: name))/lock")
    }

    /// In a child: making a vNode changes namespaces of the process for good.
    private func make(_ key: PodKey) throws(Failure) -> State {
        let settings = settings
        try InChild.run("making the vNode") { () throws(Failure) in try Launch.make(key, settings) }
        guard let state = directory.state(of: key.vnodeName), state.phase == .kept else {
            throw Failure("making the vNode: \(key.vnodeName): it has ended already")
        }
        return state
    }

    /// The lock of a vNode's name, whether there is one or not: a byte of a file, so that no name leaves a file behind.
    private func lock(_ name: String) throws(Failure) -> OwnedFD {
        try attempt("locking", lockPath) { () throws(Errno) in
            let file = try Files.open(lockPath, flags: O_RDWR | O_CREAT, mode: 0o600)
            try Locks.lock(file, byte: PodVNodes.byte(name))
            return file
        }
    }

    /// nil when somebody else has it.
    private func tryLock(_ name: String) -> OwnedFD? {
        guard let file = try? Files.open(lockPath, flags: O_RDWR | O_CREAT, mode: 0o600),
            (try? Locks.tryLock(file, byte: PodVNodes.byte(name))) == true
        else { return nil }
        return file
    }

    private var lockPath: String { settings.stateDirectory + "/pods.lock" }

    private static func byte(_ name: String) -> Int64 { Int64(PodKey.hash(of: name) >> 2) }
}

extension StateDirectory {
    /// Takes away vNodes of pods that have no container: `reconcile` has seen that they are whole.
    func sweepPods() {
        guard Directories.kind(path + "/containers") == .directory else { return }
        let settings = RuntimeSettings(
            mode: .perNamespace, engine: "runc", socket: defaultSocketPath, stateDirectory: path, ids: .standard)
        guard let vnodes = try? PodVNodes(settings, mayRunEngine: false) else { return }
        if let known = try? vnodes.records.all() { vnodes.sweep(known) }
    }
}

/// Work in a child process that ends with it.
enum InChild {
    /// Runs `body`; what it throws is thrown here.
    static func run(_ stage: String, _ body: () throws(Failure) -> Void) throws(Failure) {
        let ends = try attempt("making a pipe") { () throws(Errno) in try Processes.pipe() }
        let reading = OwnedFD(taking: ends.reading)
        let child = try attempt(stage) { () throws(Errno) in
            try Processes.fork {
                do throws(Failure) {
                    try attempt(stage) { () throws(Errno) in try Processes.dieWithParent() }
                    try body()
                    return 0
                } catch {
                    Report.send(error.message, to: ends.writing)
                    return 1
                }
            }
        }
        _ = close(ends.writing)
        let failure = Report.receive(reading)
        let ending = try attempt(stage) { () throws(Errno) in try Processes.wait(child.pid) }
        if let failure { throw Failure(failure) }
        if ending.status != 0 { throw Failure("\(stage): the helper ended with status \(ending.status)") }
    }
}
