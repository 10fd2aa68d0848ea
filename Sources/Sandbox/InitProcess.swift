import Glibc
import Linux
import Seccomp
import SystemPackage

/// PID 1 of a vNode, from its making in new namespaces until it runs `vnode-init`.
final class InitProcess {
    let pid: Int32
    let pidfd: OwnedFD
    private let go: OwnedFD
    private let answers: OwnedFD

    private static let ready = "ready"

    private init(pid: Int32, pidfd: consuming OwnedFD, go: consuming OwnedFD, answers: consuming OwnedFD) {
        self.pid = pid
        self.pidfd = pidfd
        self.go = go
        self.answers = answers
    }

    /// Makes the process in the vNode's `init` cgroup and writes its id maps. It waits in the staging mount namespace.
    static func make(
        cgroup: Cgroup, uidBase: UInt32, hostname: String, program: borrowing OwnedFD, endsWithParent: Bool
    ) throws(Failure) -> InitProcess {
        let leaf = try attempt("opening the cgroup", cgroup.initPath) { () throws(Errno) in
            try Files.open(cgroup.initPath, flags: O_RDONLY | O_DIRECTORY)
        }
        let toChild = try attempt("making a pipe") { () throws(Errno) in try Processes.pipe() }
        let fromChild = try attempt("making a pipe") { () throws(Errno) in try Processes.pipe() }
        let go = OwnedFD(taking: toChild.writing)
        let answers = OwnedFD(taking: fromChild.reading)
        let pid = try Staging.bornInTop(of: cgroup) { () throws(Failure) in
            try attempt("making the vNode's first process") { () throws(Errno) in
                // The user namespace counts against its maker's limits (inotify, keys, namespaces): not against the node's root.
                try Processes.act(as: uidBase)
                return try Processes.forkSibling([.user, .pid, .ipc, .uts, .network], cgroup: leaf) {
                    _ = close(go.raw)
                    _ = close(answers.raw)
                    return live(waitingOn: toChild.reading, answering: fromChild.writing, hostname, program, endsWithParent)
                }.pid
            }
        }
        _ = close(toChild.reading)
        _ = close(fromChild.writing)
        let pidfd = try attempt("opening the vNode's first process") { () throws(Errno) in try Processes.openPidfd(pid) }
        let made = InitProcess(pid: pid, pidfd: pidfd, go: go, answers: answers)
        do throws(Failure) {
            for map in ["uid_map", "gid_map"] {
                let path = "/proc/\(made.pid)/\(map)"
                try attempt("mapping ids", path) { () throws(Errno) in try Files.write("0 \(uidBase) \(IDRange.size)\n", to: path) }
            }
            try made.proceed()
            let answer = Report.receive(made.answers)
            guard answer == ready else { throw Failure(answer ?? "making the vNode's first process: it ended") }
        } catch {
            made.kill()
            throw error
        }
        return made
    }

    private func proceed() throws(Failure) {
        let raw = go.raw
        try attempt("releasing the vNode's first process") { () throws(Errno) in
            var byte: UInt8 = 1
            _ = try check(unsafe write(raw, &byte, 1))
        }
    }

    /// Lets it take its copy of the staging mounts and become `vnode-init`.
    func start() throws(Failure) { try proceed() }

    /// Waits until it has.
    func awaitStart() throws(Failure) {
        if let failure = Report.receive(answers) { throw Failure(failure) }
    }

    /// Ends it, and with it every process of the vNode. It ends only when the last of them is reaped, and one whose engine was
    /// killed is a child of ours by now.
    func kill() {
        try? Processes.send(SIGKILL, to: pidfd)
        Processes.waitReapingOthers(pid)
    }

    /// The child's part. Answers only when it could not become `vnode-init`.
    private static func live(
        waitingOn go: CInt, answering: CInt, _ hostname: String, _ program: borrowing OwnedFD, _ endsWithParent: Bool
    ) -> CInt {
        do throws(Failure) {
            guard isReleased(go) else { return 1 }
            try attempt("becoming root of the vNode") { () throws(Errno) in try Processes.become(uid: 0, gid: 0) }
            try attempt("leaving the session keyring") { () throws(Errno) in try Processes.leaveSessionKeyring() }
            try attempt("setting the hostname", hostname) { () throws(Errno) in try Namespaces.setHostname(hostname) }
            try forbidUserNamespaces()
            try attempt("bringing lo up") { () throws(Errno) in try Namespaces.raiseLoopback() }
            Report.send(ready, to: answering)
            guard isReleased(go) else { return 1 }
            // The copy belongs to the vNode's user namespace: every mount in it is locked.
            try attempt("copying the staging mounts") { () throws(Errno) in try Namespaces.unshare(.mount) }
            try attempt("entering the outer root", "/outer") { () throws(Errno) in
                // A locked mount cannot become the root; a bind of it can, and what is below stays locked.
                try Mounts.mount("/outer", on: "/outer", [.bind, .recursive])
                try Staging.changeRoot(to: "/outer")
            }
            setsid()
            if endsWithParent { try attempt("tying its life to the launcher's") { () throws(Errno) in try Processes.dieWithParent() } }
            guard isOpen(go) else { return 1 }
            // Who traces it makes calls as it does: it may make none that others may not.
            try attempt("loading the seccomp filter") { () throws(Errno) in try Filter.load() }
            for descriptor in 0...2 as ClosedRange<CInt> { _ = close(descriptor) }
            Processes.closeOnExecute(from: 3)
            Processes.unblockSignals()
            throw Failure("running vnode-init", "", Processes.execute(program, ["vnode-init"], environment: []))
        } catch {
            Report.send(error.message, to: answering)
            return 1
        }
    }

    /// The filter refuses them; this tells those who ask first. It is a limit of the own user namespace, whatever procfs it is set by.
    private static func forbidUserNamespaces() throws(Failure) {
        let path = "/proc/sys/user/max_user_namespaces"
        try attempt("forbidding user namespaces", path) { () throws(Errno) in try Files.write("0", to: path) }
    }

    /// Waits for the launcher; false when it has ended.
    private static func isReleased(_ pipe: CInt) -> Bool {
        var byte: UInt8 = 0
        return unsafe read(pipe, &byte, 1) == 1
    }

    /// Whether the launcher was still there after its death had become deadly.
    private static func isOpen(_ pipe: CInt) -> Bool { (try? Poll.readable([pipe], milliseconds: 0)) == [false] }
}
