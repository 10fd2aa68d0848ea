import Glibc
import Linux
import SystemPackage

extension ProcessIdentity {
    /// The process with this pid as it is now; nil when there is none.
    init?(pid: Int32) {
        guard let start = Processes.startTime(of: pid) else { return nil }
        self.init(pid: pid, startTime: start)
    }

    var isAlive: Bool { Processes.startTime(of: pid) == startTime }

    /// Whether its namespaces can be entered.
    var isWhole: Bool { isAlive && !Processes.isExiting(pid) }

    /// Whether it has ended for certain: that nothing can be read of it may have other reasons.
    var isGone: Bool {
        if let found = Processes.startTime(of: pid) { return found != startTime }
        return kill(pid, 0) != 0 && errno == ESRCH
    }

    /// A descriptor of exactly this process.
    func open() -> OwnedFD? {
        guard let pidfd = try? Processes.openPidfd(pid), isAlive else { return nil }
        return pidfd
    }
}

extension StateDirectory {
    /// Takes away what vNodes have left whose init, daemon or creator died. Every command begins with it.
    public func reconcile() throws(Failure) {
        try locked { () throws(Failure) in
            for name in try names() {
                let lock = lock(name, .exclusive)
                let isHeld = lock == nil && Directories.kind("\(name)/lock", below: vnodes.raw) != nil
                let state = state(of: name)
                if Verdict.of(state, isHeld: isHeld, isAlive: \.isAlive, isServed: Daemon.serves) == .clean {
                    // What cannot be taken away yet is no reason to refuse everything else.
                    do throws(Failure) { try clean(name, state) } catch { Say.error("vnode: cleaning up after \(name): \(error)") }
                } else if let state {
                    cleanContainers(of: state)
                }
                _ = consume lock
            }
        }
        sweepPods()
    }

    /// Ends inner containers whose `vnode exec` died. Their mounts wait for the next one: see `Entry`.
    private func cleanContainers(of state: State) {
        for (container, process) in containers(of: state.name) {
            guard let process, !process.isAlive else { continue }
            try? Cgroup.remove(Cgroup(path: state.cgroup).container(container))
            forget(container, of: state.name)
        }
    }

    /// Kills and removes everything of a vNode. Only with its lock, under `locked`.
    func clean(_ name: String, _ state: State?) throws(Failure) {
        if let pidfd = state?.initProcess?.open() { try? Processes.send(SIGKILL, to: pidfd) }
        let cgroup: String
        if let state { cgroup = state.cgroup } else { cgroup = Cgroup(root: try CgroupRoot.find(), name: name).path }
        try claims.locked { () throws(Failure) in
            if try claims.isOthers(name, bootID: state?.bootID, stateDirectory: path) { return }
            try attempt("removing the cgroup", cgroup) { () throws(Errno) in try Cgroup.removeVNode(cgroup) }
        }
        if let state, state.network == .pair { VethPair(uidBase: state.uidBase).remove() }
        if let daemon = state?.privateDaemon { end(daemon) }
        try claims.release(name, bootID: state?.bootID, stateDirectory: path)
        try attempt("removing", directory(of: name)) { () throws(Errno) in try forget(name) }
    }

    /// A private daemon ends by itself once it serves nobody; one that does not is killed.
    func end(_ daemon: ProcessIdentity) {
        // Reaped where it is a child of this process.
        defer { _ = try? Processes.wait(daemon.pid) }
        guard let pidfd = daemon.open() else { return }
        if (try? Poll.readable([pidfd.raw], milliseconds: 1000)) == [true] { return }
        try? Processes.send(SIGKILL, to: pidfd)
        _ = try? Poll.readable([pidfd.raw], milliseconds: 1000)
    }
}
