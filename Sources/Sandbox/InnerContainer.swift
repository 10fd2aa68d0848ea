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
    /// A network namespace somebody prepared for its containers.
    var prepared: NetworkNamespace?

    /// The vNode's top as the staging mount namespace has it.
    var cgroup: Cgroup { Cgroup(path: "/sys/fs/cgroup/\(Cgroup.directory)/\(state.name)") }
}

/// A container run inside a vNode by an OCI engine, staged at `/inner/<name>`.
final class InnerContainer {
    let name: String
    private let place: Place
    private let command: CommandOptions
    /// The network namespace it runs in, when that is not the vNode's.
    private var network: NetworkNamespace?
    private var output: ContainerOutput?
    private var view: UInt32?
    private var isStaged = false
    private var listener: SeccompListener?
    private var top: String { "/inner/" + name }

    init(name: String, in place: Place, command: CommandOptions) {
        self.name = name
        self.place = place
        self.command = command
    }

    /// Makes its cgroup, its view, its trees and its bundle.
    func stage() throws(Failure) {
        let state = place.state
        let cgroup = place.cgroup.container(name)
        try attempt("making the cgroup", cgroup) { () throws(Errno) in try Directories.make(cgroup) }
        // The vNode's bind; without the controller here there is nothing to say.
        for (file, text) in state.limits.filesOfContainers() where Directories.kind("\(cgroup)/\(file)") != nil {
            try attempt("setting a limit", "\(cgroup)/\(file)") { () throws(Errno) in try Files.write(text, to: "\(cgroup)/\(file)") }
        }
        if state.delegatesCgroups == true { try Cgroup.delegate(cgroup, to: state.uidBase) }
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
        try CommandLookup.check(command.arguments, root: top + "/rootfs")
        let user = try command.user.map { text throws(Failure) in try UserLookup.find(text, root: top + "/rootfs") }
        try joinNetwork()
        try stageView()
        let listener = try SeccompListener(below: top)
        let path = listener.path
        self.listener = consume listener
        let terminal = command.terminal
        var spec = InnerSpec.make(
            command: command.arguments, terminal: terminal, hostname: state.hostname, top: top, initPID: state.initProcess?.pid ?? 0,
            uidBase: state.uidBase, cgroupsPath: "/\(Cgroup.directory)/\(state.name)/\(Cgroup.leaf(name))",
            listener: path, hasCgroupDirectory: ViewPlan.hasCgroupDirectory(top),
            environment: CommandOptions.merge(
                command.environment,
                over: InnerSpec.environment(
                    hostname: state.hostname, terminal: terminal ? unsafe getenv("TERM").map { unsafe String(cString: $0) } : nil,
                    home: user.map { $0.home ?? "/" } ?? "/root")),
            consoleSize: terminal ? InnerContainer.windowSize : nil)
        if let user = user?.user { spec.process?.user = user }
        if let directory = command.directory { spec.process?.cwd = directory }
        InnerSpec.add(volumes: state.volumes ?? [], to: &spec)
        try InnerSpec.add(devices: state.devices ?? [], to: &spec) { path throws(Failure) in try NodeDevice.rule(at: path) }
        try write(spec)
    }

    /// Limits are the vNode's and so are the processes in sight: its own view, of all of it, not of this container's share. Only the network's
    /// part of it can be another one.
    private func stageView() throws(Failure) {
        guard let network else { return try ViewPlan.show(on: top, withCgroups: false) }
        let number = try place.daemon.addView(place.state.name, name, cgroup: place.state.cgroup, network: network.inode, isTied: true)
        view = number
        try ViewPlan.stage(number: number, top: top, first: network.descriptor.raw, sysfs: top + "/sysfs", isPrepared: network.isPrepared)
    }

    /// Enters no network namespace yet, but has it ready where it is another than the vNode's.
    private func joinNetwork() throws(Failure) {
        switch place.state.network {
        case nil, .ofVNode, .pair: return
        case .ofContainer: network = try NetworkNamespace.make(first: place.first)
        case .prepared(let path):
            guard let prepared = place.prepared else { throw Failure("--net ns:\(path): it was not opened") }
            network = prepared
        }
        try MountStep.perform([.directory(top + "/sysfs")], "staging")
        try network?.prepare(sysfs: top + "/sysfs")
    }

    /// From now on what it says is kept.
    func keepOutput(in log: ContainerLog) throws(Failure) {
        output = try attempt("making a pipe") { () throws(Errno) in try ContainerOutput(log) }
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
        guard let output else { return try runEngine() }
        do throws(Failure) {
            let status = try runEngine()
            output.pump()
            output.log.finish(status: status)
            return status
        } catch {
            output.pump()
            output.log.take(Array("vnode: \(error)\n".utf8), .error)
            output.log.finish(status: error.status)
            throw error
        }
    }

    private func runEngine() throws(Failure) -> Int32 {
        guard let view = view ?? place.state.view, let listener = listener.take() else {
            throw Failure("running the engine: nothing is staged")
        }
        let place = place
        let network = network?.descriptor.raw ?? place.first
        let streams = output?.writers ?? []
        let arguments = [
            "runc", "--root", "/run/runc", "--log", top + "/log.json", "--log-format", "json", "run", "--bundle", top, name,
        ]
        let child = try attempt("running the engine", place.engine.path) { () throws(Errno) in
            try Processes.fork {
                // Not joined by the engine: from inside the user namespace it could not be.
                guard (try? Namespaces.enter(network, .network)) != nil, (try? Processes.dieWithParent()) != nil else { return 1 }
                for (index, stream) in streams.enumerated() where dup2(stream, CInt(index + 1)) < 0 { return 1 }
                Processes.closeOnExecute(from: 3)
                Processes.unblockSignals()
                // Go interrupts its own threads with SIGURG, and runc 1.1 passes on every signal it gets: top dies of it.
                _ = place.engine.execute(arguments, environment: Processes.environment + ["GODEBUG=asyncpreemptoff=1"])
                return 1
            }
        }
        output?.closeWriters()
        let ending = try Supervision(child: child, place: place, view: view, listener: listener, top: top, output: output).wait()
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
