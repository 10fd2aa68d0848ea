import Control
import Glibc
import Linux
import SystemPackage

/// The vNodes of pods: made for the first container that needs one, gone with the last.
final class PodVNodes {
    let settings: RuntimeSettings
    let directory: StateDirectory
    let records: ContainerRecords

    init(_ settings: RuntimeSettings) throws(Failure) {
        self.settings = settings
        directory = try StateDirectory(settings.stateDirectory)
        records = try ContainerRecords(stateDirectory: settings.stateDirectory)
    }

    /// The vNode of a key, with the container on record in it: it stays until that leaves.
    func join(_ key: PodKey, _ record: inout ContainerRecord, as name: String) throws(Failure) -> State {
        let vnode = key.vnodeName
        let lock = try lock(vnode)
        defer { withExtendedLifetime(lock) {} }
        if let old = records.read(name), let state = directory.state(of: old.vnode), state.bootID == old.bootID {
            throw Failure("container with given ID already exists")
        }
        let found = try find(key)
        let state: State
        if let found { state = found } else { state = try make(key) }
        record.vnode = vnode
        record.bootID = state.bootID
        try records.write(record, name)
        return state
    }

    /// Takes a container off the record, and its vNode away when that was the last.
    func leave(_ record: ContainerRecord, as name: String) throws(Failure) {
        let lock = try lock(record.vnode)
        defer { withExtendedLifetime(lock) {} }
        if let state = directory.state(of: record.vnode), state.bootID == record.bootID, state.pod != nil {
            let others = records.members(of: record.vnode, bootID: record.bootID).filter { $0 != name }
            // The record goes last: who is killed in between is asked again.
            if others.isEmpty { try takeDown(state) }
        }
        records.forget(name)
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
        if state.phase == .kept, state.initProcess?.isAlive == true, Daemon.serves(state) { return state }
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
        let path = settings.stateDirectory + "/pods.lock"
        return try attempt("locking", path) { () throws(Errno) in
            let file = try Files.open(path, flags: O_RDWR | O_CREAT, mode: 0o600)
            try Locks.lock(file, byte: Int64(PodKey.hash(of: name) >> 2))
            return file
        }
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
