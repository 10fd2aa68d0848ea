import Control
import FoundationEssentials
import Glibc
import Linux
import OCI
import SystemPackage

/// What a vNode is, to those who put an inner container into it: entered from the staging mount namespace.
struct Place {
    let state: State
    let daemon: Daemon
    /// pidfd of the vNode's first process.
    let first: CInt
    let engine: Engine
    let signals: Signals

    /// The vNode's top as the staging mount namespace has it.
    var cgroup: Cgroup { Cgroup(path: "/sys/fs/cgroup/\(Cgroup.directory)/\(state.name)") }
}

/// A container run inside a vNode by an OCI engine, staged at `/inner/<name>`.
final class InnerContainer {
    let name: String
    private let place: Place
    private let terminal: Bool
    private var view: UInt32?
    private var isStaged = false
    private var top: String { "/inner/" + name }

    init(name: String, in place: Place, terminal: Bool) {
        self.name = name
        self.place = place
        self.terminal = terminal
    }

    /// Makes its cgroup, its view, its trees and its bundle.
    func stage(_ command: [String]) throws(Failure) {
        let state = place.state
        let cgroup = place.cgroup.container(name)
        try attempt("making the cgroup", cgroup) { () throws(Errno) in try Directories.make(cgroup) }
        // Limits are the vNode's and so are the processes in sight: the view is of all of it, not of this container's share.
        let number = try place.daemon.addView(state.name, name, cgroup: state.cgroup, isTied: true)
        view = number
        try MountStep.perform([.directory(top), .filesystem("tmpfs", at: top, options: "mode=755,size=4m")], "staging")
        isStaged = true
        try MountStep.perform(["proc", "sys"].map { .directory("\(top)/\($0)") }, "staging")
        if let rootfs = state.rootfs {
            let path = "/proc/\(state.initProcess?.pid ?? 0)/ns/user"
            let users = try attempt("opening", path) { () throws(Errno) in try Files.open(path, flags: O_RDONLY) }
            try RootFilesystem.stageDirectory(rootfs, top: top, owner: state.uidBase, users: users)
        } else {
            try RootFilesystem.stageMachine(top: top, owner: state.uidBase, hostname: state.hostname)
        }
        try CommandLookup.check(command, root: top + "/rootfs")
        try ViewPlan.stage(number: number, top: top, first: place.first, withCgroups: false)
        try write(
            InnerSpec.make(
                command: command, terminal: terminal, hostname: state.hostname, top: top, initPID: state.initProcess?.pid ?? 0,
                uidBase: state.uidBase, cgroupsPath: "/\(Cgroup.directory)/\(state.name)/\(Cgroup.leaf(name))",
                hasCgroupDirectory: ViewPlan.hasCgroupDirectory(number),
                environment: InnerSpec.environment(
                    hostname: state.hostname, terminal: terminal ? unsafe getenv("TERM").map { unsafe String(cString: $0) } : nil),
                consoleSize: terminal ? InnerContainer.windowSize : nil))
    }

    /// Of standard input, as it is now; later changes reach the engine as SIGWINCH.
    private static var windowSize: OCI.Process.ConsoleSize? {
        guard let size = Terminals.windowSize(of: STDIN_FILENO) else { return nil }
        return OCI.Process.ConsoleSize(height: UInt(size.rows), width: UInt(size.columns))
    }

    private func write(_ spec: Spec) throws(Failure) {
        let bytes: [UInt8]
        do { bytes = Array(try JSONEncoder().encode(spec)) } catch { throw Failure("writing the bundle: \(error)") }
        try MountStep.perform([.text(top + "/config.json", bytes)], "writing the bundle")
    }

    /// Runs it to its end. Answers the command's exit status.
    func run() throws(Failure) -> Int32 {
        let place = place
        let arguments = [
            "runc", "--root", "/run/runc", "--log", top + "/log.json", "--log-format", "json", "run", "--bundle", top, name,
        ]
        let child = try attempt("running the engine", place.engine.path) { () throws(Errno) in
            try Processes.fork {
                // Not joined by the engine: from inside the user namespace it could not be.
                guard (try? Namespaces.enter(place.first, .network)) != nil, (try? Processes.dieWithParent()) != nil else { return 1 }
                Processes.closeOnExecute(from: 3)
                Processes.unblockSignals()
                // Go interrupts its own threads with SIGURG, and runc 1.1 passes on every signal it gets: top dies of it.
                _ = place.engine.execute(arguments, environment: Processes.environment + ["GODEBUG=asyncpreemptoff=1"])
                return 1
            }
        }
        let ending = try Supervision(child: child, place: place).wait()
        if ending.status == 1, let log = try? Files.read(top + "/log.json"), let failure = EngineLog.failure(in: Data(log)) {
            throw Failure(failure.message, status: failure.status)
        }
        return ending.status
    }

    /// Takes away what staging made. The vNode may be gone already.
    func remove() {
        if let view { _ = try? place.daemon.ask(.removeView(vnode: place.state.name, number: view), "removing a view") }
        if isStaged { try? Mounts.detach(top) }
        try? Directories.remove(top)
        try? Cgroup.remove(place.cgroup.container(name))
    }
}
