import Control
import Glibc
import Linux
import SystemPackage
import Tree

/// `vnode run`: makes a vNode, runs a command in it, takes it down. Every step that fails undoes those before it.
public final class Launch {
    private let options: LaunchOptions
    private let signals: Signals
    private let directory: StateDirectory
    private let root: CgroupRoot
    private let engine: Engine
    private let program: OwnedFD
    private var state: State
    private var lock: OwnedFD?
    private var cgroup: Cgroup
    /// Whether the cgroup is ours to take away.
    private var hasCgroup = false
    private var daemon: Daemon?
    private var first: InitProcess?

    private let detachment: Detachment?
    private let rootfs: NodeTree?
    private let volumes: [NodeTree]
    private let devices: [NodeDevice]
    private let prepared: NetworkNamespace?

    /// Runs it all. Answers the command's exit status.
    public static func run(_ options: LaunchOptions) throws(Failure) -> Int32 { try run(options, nil) }

    /// The same in the background, once the command runs. Answers the vNode's name.
    public static func detach(_ options: LaunchOptions) throws(Failure) -> String {
        try Preconditions.check(terminal: false)
        return try Detachment.run { detachment throws(Failure) in try run(options, detachment) }
    }

    private static func run(_ options: LaunchOptions, _ detachment: Detachment?) throws(Failure) -> Int32 {
        try Preconditions.check(terminal: options.command.terminal)
        try attempt("becoming the reaper of orphans") { () throws(Errno) in try Processes.adoptOrphans() }
        let launch = try Launch(options, detachment)
        do throws(Failure) {
            let status = try launch.perform()
            if !options.keep { launch.undo() }
            return status
        } catch {
            launch.undo()
            throw error
        }
    }

    /// Makes a vNode for pods, which stays, served by the node's daemon. Changes namespaces of the process for good.
    static func make(_ key: PodKey, _ settings: RuntimeSettings) throws(Failure) {
        try Preconditions.check(terminal: false)
        var options = LaunchOptions(
            name: key.vnodeName, hostname: nil, limits: Limits(), ids: settings.ids, rootfs: nil, keep: true, command: CommandOptions([]),
            socket: settings.socket, stateDirectory: settings.stateDirectory)
        options.pod = key
        options.engine = settings.engine
        let launch = try Launch(options, nil)
        do throws(Failure) {
            try launch.makeForPods()
        } catch {
            launch.undo()
            throw error
        }
    }

    private init(_ options: LaunchOptions, _ detachment: Detachment?) throws(Failure) {
        self.detachment = detachment
        var options = options
        root = try CgroupRoot.find()
        engine = try Programs.engine(options.engine)
        let path = try Programs.own("vnode-init")
        program = try attempt("opening", path) { () throws(Errno) in try Files.open(path, flags: O_RDONLY) }
        try options.limits.check(root: root)
        var affinity: String?
        if let list = options.limits.cpuset {
            let cpus = try Preconditions.cpus(list)
            options.limits.cpuset = cpus.list
            if !CgroupRoot.controllers(of: root.path).contains("cpuset") { affinity = cpus.list }
        }
        volumes = try options.volumes.map { volume throws(Failure) in try NodeTree(volume.source, origin: "--volume \(volume.source)") }
        for (volume, tree) in zip(options.volumes, volumes) where !volume.readOnly && tree.isExposed {
            Say.error(VolumeExposure.warning(volume.source))
        }
        devices = try options.devices.map { device throws(Failure) in try NodeDevice(device) }
        if case .prepared(let path) = options.network { prepared = try NetworkNamespace.open(path) } else { prepared = nil }
        if options.network == .pair { try IPCommand.check() }
        rootfs = try options.rootfs.map { path throws(Failure) in try RootFilesystem.take(path) }
        options.rootfs = rootfs?.path
        let name = options.name ?? Name.random("vnode")
        guard Name.isValid(name) else { throw Failure("--name \(name): not \(Name.forms)") }
        guard let me = ProcessIdentity(pid: getpid()) else { throw Failure("reading /proc/self/stat: is /proc mounted?") }
        signals = try Signals()
        directory = try StateDirectory(options.stateDirectory)
        // Pods have a way of their own to find what is not theirs any more, which asks the daemon about one vNode, not about all.
        if options.pod == nil { try directory.reconcile() }
        cgroup = Cgroup(root: root, name: name)
        state = State(
            name: name, phase: .attached, creator: me, uidBase: 0, hostname: options.hostname ?? name, bootID: Name.uuid(),
            limits: options.limits, affinity: affinity, cgroup: cgroup.path, created: Int64(time(nil)), rootfs: options.rootfs,
            volumes: options.volumes, devices: options.devices, network: options.network,
            delegatesCgroups: options.delegatesCgroups ? true : nil, pod: options.pod)
        self.options = options
        lock = try directory.allocate(&state, from: options.ids)
    }

    private func makeForPods() throws(Failure) {
        let first = try makeOuter(try prepare())
        try first.awaitStart()
        try attempt("letting go of the outer root", "/outer") { () throws(Errno) in try Mounts.detach("/outer") }
        Patience.end()
        state.phase = .kept
        try directory.write(state)
    }

    /// Makes the cgroup and finds the daemon.
    private func prepare() throws(Failure) -> Daemon {
        try cgroup.make(root: root)
        hasCgroup = true
        try cgroup.fill(limits: state.limits, root: root)
        let place = directory.directory(of: state.name)
        let daemon = try Daemon.connect(options.socket, ofNode: options.nodeSocket, directory: place) { process throws(Failure) in
            state.privateDaemon = process
            try directory.write(state)
        }
        self.daemon = daemon
        state.daemonSocket = daemon.socket
        state.privateDaemon = daemon.privateProcess
        // A daemon that stops answering leaves this process waiting in the kernel, where only a deadly signal reaches it.
        // What it leaves, the next command cleans up.
        Patience.start(seconds: 60)
        return daemon
    }

    private func perform() throws(Failure) -> Int32 {
        let daemon = try prepare()
        let first = try makeOuter(daemon)
        let place = Place(state: state, daemon: daemon, first: first.pidfd.raw, engine: engine, signals: signals, prepared: prepared)
        let inner = InnerContainer(name: "main", in: place, command: options.command)
        defer { if options.keep { inner.remove() } }
        try inner.stage()
        try first.awaitStart()
        // Its copy is the first process's own.
        try attempt("letting go of the outer root", "/outer") { () throws(Errno) in try Mounts.detach("/outer") }
        Patience.end()
        try signals.check()
        if options.keep {
            state.phase = .kept
            try directory.write(state)
            if options.name == nil, detachment == nil { Say.error(state.name) }
        }
        if let detachment {
            try inner.keepOutput(in: directory.makeLog(of: inner.name, in: state.name))
            try detachment.started(state.name)
        }
        return try inner.run()
    }

    /// The outer container: its namespaces, its trees, its first process.
    private func makeOuter(_ daemon: Daemon) throws(Failure) -> InitProcess {
        try Staging.enter(
            at: directory.directory(of: state.name), cgroups: root, rootfs: rootfs, isForPods: state.pod != nil)
        cgroup = Cgroup(path: "/sys/fs/cgroup/\(Cgroup.directory)/\(state.name)")
        state.startedAt = try Staging.startClocks()
        if let affinity = state.affinity, let cpus = CPUSet(list: affinity) {
            try attempt("confining to CPUs", affinity) { () throws(Errno) in try Processes.setAffinity(cpus.ids) }
        }
        let first = try InitProcess.make(
            cgroup: cgroup, uidBase: state.uidBase, hostname: state.hostname, program: program, endsWithParent: !options.keep)
        self.first = first
        state.initProcess = ProcessIdentity(pid: first.pid)
        try directory.write(state)
        cgroup.enableForChildren()
        try MountStep.perform(StagingPlan.outer(owner: state.uidBase), "staging")
        try stageNodeFiles(first)
        try Staging.mountKernelViews(of: first.pidfd)
        try MountStep.perform(StagingPlan.network(procfs: "/procfs"), "closing")
        try register(first, daemon)
        let number = try daemon.addView(state.name, "outer", cgroup: state.cgroup, isTied: false)
        state.view = number
        try directory.write(state)
        try ViewPlan.stage(number: number, top: ViewPlan.shared, first: first.pidfd.raw)
        try ViewPlan.show(on: "/outer", withCgroups: true)
        if state.network == .pair { try VethPair(uidBase: state.uidBase).make(first: first.pid, pidfd: first.pidfd.raw) }
        try signals.check()
        try first.start()
        return first
    }

    /// Volumes and devices, at places of the staging root that nothing of the vNode can reach.
    private func stageNodeFiles(_ first: InitProcess) throws(Failure) {
        if volumes.isEmpty && devices.isEmpty { return }
        let path = "/proc/\(first.pid)/ns/user"
        let users = try attempt("opening", path) { () throws(Errno) in try Files.open(path, flags: O_RDONLY) }
        try MountStep.perform([.directory("/volumes"), .directory("/devices")], "staging")
        for (index, tree) in volumes.enumerated() {
            try tree.map(users: users, readOnly: options.volumes[index].readOnly)
            try tree.put(at: Volume.place(index))
        }
        for (index, device) in devices.enumerated() { try device.put(at: Device.place(index)) }
    }

    private func register(_ first: InitProcess, _ daemon: Daemon) throws(Failure) {
        let fixed = try Staging.mountFuse("static")
        let live = try Staging.mountFuse("live")
        let staging = try attempt("opening", "/proc/self/ns/mnt") { () throws(Errno) in try Files.open("/proc/self/ns/mnt", flags: O_RDONLY)
        }
        let procfs = try attempt("opening", "/procfs") { () throws(Errno) in try Files.open("/procfs", flags: O_RDONLY | O_DIRECTORY) }
        var record = VNodeRecord(
            name: state.name, uidBase: state.uidBase, startedAt: state.startedAt, hostname: state.hostname, bootID: state.bootID,
            cgroup: state.cgroup, initPID: first.pid, affinity: state.affinity)
        // Without them a connection that hangs can only be aborted with the worker.
        record.staticConnection = try? Mounts.minor(of: "/fuse/static")
        record.liveConnection = try? Mounts.minor(of: "/fuse/live")
        try daemon.ask(
            .addVNode(record), descriptors: [fixed.raw, live.raw, staging.raw, first.pidfd.raw, procfs.raw], "registering the vNode")
    }

    private func undo() {
        Patience.end()
        first?.kill()
        if state.network == .pair { VethPair(uidBase: state.uidBase).remove() }
        _ = try? daemon?.ask(.removeVNode(name: state.name), "removing the vNode")
        daemon = nil
        if hasCgroup {
            do throws(Errno) { try Cgroup.removeVNode(cgroup.path) } catch {
                Say.error("removing the cgroup: \(cgroup.path): \(error.name)")
            }
        }
        if let process = state.privateDaemon { directory.end(process) }
        do throws(Failure) { try directory.release(state) } catch { Say.error("\(error)") }
        do throws(Errno) { try directory.forget(state.name) } catch { Say.error("removing the state: \(error.name)") }
    }
}

/// Lines for people, on standard error.
public enum Say {
    public static func error(_ text: String) {
        // What an engine says of a container may be the container's own words.
        let bytes = Array((TerminalText.clean(text) + "\n").utf8)
        _ = unsafe bytes.withUnsafeBytes { unsafe write(2, $0.baseAddress, $0.count) }
    }
}
