import Control
import Glibc
import Linux
import SystemPackage
import Tree

/// `vnode exec`: one more inner container in a vNode that is there.
public enum Entry {
    /// Answers the command's exit status.
    public static func run(_ name: String, command: CommandOptions, stateDirectory: String) throws(Failure) -> Int32 {
        try run(name, command, stateDirectory, nil)
    }

    /// The same in the background, once the command runs. Answers the container's name.
    public static func detach(_ name: String, command: CommandOptions, stateDirectory: String) throws(Failure) -> String {
        try Preconditions.check(terminal: false)
        return try Detachment.run { detachment throws(Failure) in try run(name, command, stateDirectory, detachment) }
    }

    private static func run(
        _ name: String, _ command: CommandOptions, _ stateDirectory: String, _ detachment: Detachment?
    ) throws(Failure) -> Int32 {
        try Preconditions.check(terminal: command.terminal)
        // Before the time namespace is entered, where start times are others.
        guard let me = ProcessIdentity(pid: getpid()) else { throw Failure("reading /proc/self/stat: is /proc mounted?") }
        let engine = try Programs.engine()
        let signals = try Signals()
        let directory = try StateDirectory(stateDirectory)
        try directory.reconcile()
        // Not to be cleaned away while somebody is in it. Whoever runs it holds the lock already.
        let lock = directory.lock(name, .shared)
        defer { withExtendedLifetime(lock) {} }
        let state = try directory.running(name)
        guard let first = state.initProcess?.open() else { throw Failure("no vNode named \"\(name)\": it has ended") }
        var prepared: NetworkNamespace?
        if case .prepared(let path) = state.network { prepared = try NetworkNamespace.open(path) }
        let daemon = try Daemon.reconnect(state)
        let staging = try staging(of: state, daemon)
        try attempt("entering the staging mount namespace") { () throws(Errno) in
            try Namespaces.enter(staging, .mount)
            _ = try check(unsafe chdir("/"))
            try Namespaces.enter(first, .time)
        }
        if let affinity = state.affinity, let cpus = CPUSet(list: affinity) {
            try attempt("confining to CPUs", affinity) { () throws(Errno) in try Processes.setAffinity(cpus.ids) }
        }
        umask(0o022)
        let place = Place(state: state, daemon: daemon, first: first.raw, engine: engine, signals: signals, prepared: prepared)
        removeAbandoned(directory, state)
        let inner = InnerContainer(name: Name.random(prefix), in: place, command: command)
        try directory.record(inner.name, of: name, runBy: me)
        defer {
            inner.remove()
            directory.forget(inner.name, of: name)
        }
        try inner.stage()
        try signals.check()
        if let detachment {
            try inner.keepOutput(in: directory.makeLog(of: inner.name, in: name))
            try detachment.started(inner.name)
        }
        return try inner.run()
    }

    static let prefix = "exec"

    /// What is staged for a container nobody has on record any more, and what its engine knew of it: its `vnode exec` was killed.
    private static func removeAbandoned(_ directory: StateDirectory, _ state: State) {
        let named = { (place: String) in ((try? Directories.list(place)) ?? []).map(\.name).filter { $0.hasPrefix(prefix + "-") } }
        let staged = named("/inner")
        // Containers of pods are in there as well, and somebody else names them.
        let known = state.pod == nil ? named(Inside.engineRoot) : []
        // Read after the listing: a container is on record before anything of it is there.
        let recorded = Set(directory.containers(of: state.name).map(\.name))
        for name in staged where !recorded.contains(name) {
            try? Mounts.detach("/inner/" + name)
            try? Directories.remove("/inner/" + name)
        }
        for name in known where !recorded.contains(name) { try? Directories.removeTree("\(Inside.engineRoot)/\(name)") }
    }

    static func staging(of state: State, _ daemon: Daemon) throws(Failure) -> OwnedFD {
        let (_, received) = try daemon.exchange(.staging(vnode: state.name), "asking for the staging mount namespace")
        guard received.count == 1, let raw = received.first else {
            for descriptor in received { _ = close(descriptor) }
            throw Failure("asking for the staging mount namespace: vnode-fs gave \(received.count) descriptors")
        }
        return OwnedFD(taking: raw)
    }
}

extension StateDirectory {
    /// What is recorded of a vNode that is up.
    func running(_ name: String) throws(Failure) -> State {
        guard Name.isValid(name), let state = state(of: name) else { throw Failure("no vNode named \"\(name)\"") }
        guard state.initProcess?.isAlive == true else { throw Failure("the vNode \"\(name)\" is not up yet, or going down") }
        return state
    }
}
