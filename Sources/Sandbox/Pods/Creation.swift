import FoundationEssentials
import Glibc
import Linux
import OCI
import Seccomp
import SystemPackage
import Tree

/// `create`: finds or makes the vNode, stages the container, has the engine create it. A failure leaves nothing.
final class Creation {
    private let arguments: RuntimeArguments
    private let settings: RuntimeSettings
    private let vnodes: PodVNodes
    private let name: String
    private var record: ContainerRecord

    static func run(_ arguments: RuntimeArguments, _ settings: RuntimeSettings, _ log: RuntimeLog) throws(Failure) -> Int32 {
        try Preconditions.check(terminal: false)
        return try Creation(arguments, settings).perform(log)
    }

    private init(_ arguments: RuntimeArguments, _ settings: RuntimeSettings) throws(Failure) {
        guard let id = arguments.container else { throw Failure("create: no container id") }
        self.arguments = arguments
        self.settings = settings
        name = try ContainerRecords.name(root: arguments.global("root") ?? "", id: id)
        vnodes = try PodVNodes(settings)
        record = ContainerRecord(id: id, vnode: "", bootID: "")
    }

    private func perform(_ log: RuntimeLog) throws(Failure) -> Int32 {
        // Made once, before the children that make the vNode and stage the container: each would make its own.
        _ = Catalog.standard
        let bundle = try Bundle(arguments.value("bundle") ?? ".")
        let pod = try PodAnnotations(bundle.spec)
        let key = pod.flatMap(keyOfSandbox) ?? settings.mode.key(of: pod, container: record.id, root: arguments.global("root") ?? "")
        record.sandboxID = pod?.sandboxID
        record.isSystemd = arguments.hasGlobal("systemd-cgroup")
        let blank = record
        var tries = 3
        while true {
            let vnode = try join(key)
            tries -= 1
            let outcome = Result { () throws(Failure) in try create(bundle, pod, in: vnode, log) }
            if case .success(0) = outcome { return 0 }
            let isLast = tries == 0 || !Creation.isEnding(vnode)
            undo(in: vnode)
            if isLast { return try outcome.get() }
            record = blank
        }
    }

    /// Whether somebody ends the vNode: then the next one is another. A process that was killed takes a moment to notice. Only before
    /// `undo`, which ends it too.
    private static func isEnding(_ vnode: Inside) -> Bool {
        for _ in 0..<5 {
            if vnode.state.initProcess?.isWhole != true { return true }
            usleep(10_000)
        }
        return false
    }

    /// nil for a sandbox itself.
    private func sandbox(of pod: PodAnnotations) -> ContainerRecord? {
        guard !pod.isSandbox, let name = try? ContainerRecords.name(root: arguments.global("root") ?? "", id: pod.sandboxID) else {
            return nil
        }
        return vnodes.records.read(name)
    }

    /// Where the rest of the pod is: the mode of the node may have changed since.
    private func keyOfSandbox(_ pod: PodAnnotations) -> PodKey? {
        guard let sandbox = sandbox(of: pod) else { return nil }
        return [PodMode.perNamespace, .perPod].map { $0.key(of: pod, container: record.id, root: "") }
            .first { $0.vnodeName == sandbox.vnode }
    }

    /// One that was found may end meanwhile.
    private func join(_ key: PodKey) throws(Failure) -> Inside {
        var last = Failure("")
        for _ in 0..<5 {
            let state = try vnodes.join(key, &record, as: name)
            do throws(Failure) { return try Inside(state, settings) } catch {
                undo(in: nil)
                if state.initProcess?.isWhole == true { throw error }
                last = error
            }
        }
        throw last
    }

    private func create(
        _ bundle: Bundle, _ pod: PodAnnotations?, in vnode: Inside, _ log: RuntimeLog
    ) throws(Failure) -> Int32 {
        let root = try CgroupRoot.find()
        let place = try CgroupsPath(
            bundle.spec["linux"]?["cgroupsPath"]?.string ?? "", isSystemd: record.isSystemd, vnode: "/\(Cgroup.directory)/\(record.vnode)",
            container: record.id)
        let users = try vnode.users()
        record.engine = vnode.engine.realPath
        record.hasAppArmor = AppArmor.has(bundle.spec["process"]?["apparmorProfile"]?.string)
        let top = "/inner/" + record.id
        let rewrite = try BundleRewrite(
            bundle.spec, in: try surroundings(top, place, pod, vnode, owner: try identity(of: users)))
        let sysctls = try ContainerSysctls(rewrite.sysctls)
        let network = try ContainerNetwork.open(rewrite.network, first: vnode.first)
        if let pod, !pod.isSandbox { try checkOrigin(of: rewrite.network, sandbox(of: pod)?.process) }
        let table = try attempt("reading the mount table", "/proc/self/mountinfo") { () throws(Errno) in try MountTable() }
        let tree = try RootTree(bundle.path(rewrite.rootPath), in: table, owner: vnode.state.uidBase, users: users)
        let mounts = try ContainerMounts(rewrite.sources, in: table, owner: vnode.state.uidBase, users: users, log)
        let console = try arguments.value("console-socket").map { path throws(Failure) in
            try attempt("opening the console socket", path) { () throws(Errno) in try MountTree(path).release() }
        }
        defer { if let console { _ = close(console) } }
        var cgroup = ContainerCgroup(place, root: root)
        defer { record.madeCgroups = cgroup.made }
        record.cgroup = cgroup.path
        if Directories.kind(cgroup.path) == nil { record.madeCgroups = [cgroup.path] }
        try vnodes.records.write(record, name)
        try cgroup.make(root: root)
        record.madeCgroups = cgroup.made
        let view = try vnode.daemon.addView(
            vnode.state.name, record.id, cgroup: cgroup.path, network: network?.inode, top: cgroup.top, isTied: false)
        record.view = view
        record.shownAt = mounts.shownAt
        try vnodes.records.write(record, name)
        let file = try EngineLogFile()
        let staged = StagedContainer(top: top, id: record.id, view: view, isFirst: pod?.isSandbox != false)
        let arguments = arguments
        // The vNode's is entered too: the engine inherits what it is started in.
        let entered = network?.descriptor.raw ?? vnode.first.raw
        let answer: Inside.Answer
        do throws(Failure) {
            answer = try vnode.run { () throws(Failure) in
                let staging = try staged.stage(rewrite, tree, mounts, sysctls, network: network, in: vnode)
                return try staged.runEngine(arguments, staging: staging, console: console, network: entered, log: file.file.raw, in: vnode)
            }
        } catch {
            log.append(file.bytes)
            throw error
        }
        log.append(file.bytes, of: vnode.engine, status: answer.status)
        guard answer.status == 0 else { return answer.status }
        guard let pid = answer.pid else {
            throw Failure("running the engine: \(vnode.engine.name): it ended with status 0 and has written no pid")
        }
        try finish(pid, cgroup, root, sysctls, in: vnode, bundle)
        return 0
    }

    /// containerd names a pod's network by the pid of its sandbox: when any root of the vNode has killed that, it may be another vNode's
    /// process by now. To be asked once the network is open.
    private func checkOrigin(of network: BundleRewrite.Network, _ sandbox: ProcessIdentity?) throws(Failure) {
        guard case .path(let path) = network, path.hasPrefix("/proc/") else { return }
        guard let sandbox, path == "/proc/\(sandbox.pid)/ns/net", sandbox.isAlive else {
            throw Failure("linux.namespaces: network \(path): the sandbox of the pod has ended")
        }
    }

    /// The container is there and waits to be started.
    private func finish(
        _ pid: Int32, _ cgroup: ContainerCgroup, _ root: CgroupRoot, _ sysctls: ContainerSysctls, in vnode: Inside, _ bundle: Bundle
    ) throws(Failure) {
        guard let process = ProcessIdentity(pid: pid), let pidfd = process.open() else {
            throw Failure("the container's first process has ended")
        }
        record.process = process
        guard cgroup.holds(pid, root: root) else {
            throw Failure("the engine has put the container elsewhere than into \(cgroup.path), where its view looks: see --systemd-cgroup")
        }
        // The engine was told paths with a pid in them, which may have been another process's by then.
        for kind in ["user", "pid"] { try check(kind, of: pid, in: vnode) }
        guard process.isAlive else { throw Failure("the container's first process has ended") }
        try sysctls.apply(to: pidfd, owner: vnode.state.uidBase)
        try vnodes.records.write(record, name)
        try bundle.sharePIDNamespace("/proc/\(pid)/ns/pid")
        if let path = arguments.value("pid-file") { try Bundle.replace(path, by: "\(pid)") }
    }

    private func check(_ kind: String, of pid: Int32, in vnode: Inside) throws(Failure) {
        let path = "/proc/\(pid)/ns/\(kind)"
        let own = try vnode.namespace(kind)
        let isOwn = try attempt("looking at the container's namespaces", path) { () throws(Errno) in
            try Namespaces.identity(of: try Files.open(path, flags: O_RDONLY)) == Namespaces.identity(of: own)
        }
        guard isOwn else { throw Failure("the engine has put the container into another \(kind) namespace than the vNode's") }
    }

    private func identity(of users: borrowing OwnedFD) throws(Failure) -> Namespaces.Identity {
        try attempt("looking at the vNode's user namespace") { () throws(Errno) in try Namespaces.identity(of: users) }
    }

    private func surroundings(
        _ top: String, _ place: CgroupsPath, _ pod: PodAnnotations?, _ vnode: Inside, owner: Namespaces.Identity
    ) throws(Failure) -> BundleRewrite.Surroundings {
        let filter: JSON
        do { filter = try JSON(Array(JSONEncoder().encode(Section.make(listener: StagedContainer.listener(top))))) } catch {
            throw Failure("making the filter of system calls: \(error)")
        }
        return BundleRewrite.Surroundings(
            top: top, initPID: vnode.state.initProcess?.pid ?? 0, uidBase: vnode.state.uidBase, pod: pod, container: record.id,
            paths: settings.paths, cgroupsPath: place.told, filter: filter,
            hasAppArmor: record.hasAppArmor,
            isOwn: { path in
                guard let namespace = try? Files.open(path, flags: O_RDONLY), let users = try? Namespaces.owner(of: namespace) else {
                    return false
                }
                return (try? Namespaces.identity(of: users)) == owner
            })
    }

    private func undo(in vnode: Inside?) {
        if let vnode { Deletion.takeAway(record, in: vnode, isForced: true) }
        ContainerCgroup.remove(record.madeCgroups)
        do throws(Failure) { try vnodes.leave(record, as: name) } catch { Say.error("vnode: undoing: \(error)") }
    }
}

/// The AppArmor profiles of the node.
enum AppArmor {
    static func has(_ profile: String?) -> Bool {
        guard let profile, !profile.isEmpty, let enabled = try? Files.read("/sys/module/apparmor/parameters/enabled"),
            enabled.first == 0x59,
            let profiles = try? Files.read("/sys/kernel/security/apparmor/profiles")
        else { return false }
        return String(decoding: profiles, as: UTF8.self).split(separator: "\n").contains { $0.hasPrefix(profile + " (") }
    }
}
