import Control
import Glibc
import Linux
import OCI
import SystemPackage

/// A pod's container in the staging mount namespace, at `/inner/<id>`. Everything here runs there.
struct StagedContainer {
    let top: String
    let id: String
    let view: UInt32
    /// Nobody was in its network namespace before.
    let isFirst: Bool

    /// Answers the mounts of staging, with those of the container.
    func stage(
        _ rewrite: BundleRewrite, _ tree: RootTree, _ mounts: ContainerMounts, _ sysctls: ContainerSysctls,
        network: NetworkNamespace?, in vnode: Inside
    ) throws(Failure) -> MountTable {
        var steps: [MountStep] = [.directory(top), .filesystem("tmpfs", at: top, options: "mode=755,size=8m")]
        steps += ["proc", "sys"].map { .directory("\(top)/\($0)") }
        try MountStep.perform(steps, "staging")
        try tree.stage(top)
        try mounts.stage(top, in: vnode)
        try rewrite.devices.stage(top)
        var sysfs = "/sysfs"
        if let network {
            sysfs = top + "/sysfs"
            try MountStep.perform([.directory(sysfs)], "staging")
            try network.prepare(sysfs: sysfs, isNew: isFirst)
            if isFirst { try ContainerNetwork.open(network.descriptor.raw, to: vnode.state.uidBase) }
        }
        let entered = network?.descriptor.raw ?? vnode.first.raw
        // Sysctls of a network namespace of the node's are its root's to write: the daemon does it for who may write here at all.
        let isPrepared = network?.isPrepared == true && rewrite.mayWriteSysctls
        try ViewPlan.stage(number: view, top: top, first: entered, sysfs: sysfs, isPrepared: isPrepared)
        try sysctls.apply(network: entered, tree: top + "/proc")
        var rewrite = rewrite
        if !ViewPlan.hasCgroupDirectory(top) { rewrite.dropCgroupMount() }
        let table = try attempt("reading the mount table of staging") { () throws(Errno) in try MountTable(at: top) }
        rewrite.keepFlags(table)
        let bytes: [UInt8]
        do { bytes = try rewrite.spec.bytes() } catch { throw Failure("writing the bundle: \(error)") }
        try MountStep.perform([.text(top + "/config.json", bytes)], "writing the bundle")
        return table
    }

    /// Has the engine run a command with files of its own instead of those of the node. Answers with the pid it wrote. `staging`: for
    /// `create`, what the container may be shown of it.
    func runEngine(
        _ arguments: RuntimeArguments, staging: MountTable? = nil, console: CInt?, network: CInt?, log: CInt, in vnode: Inside
    ) throws(Failure) -> Inside.Answer {
        let files = "\(top)/run-\(getpid())"
        // Of a process that was killed, and had the same pid.
        try? Mounts.detach(files + "/console")
        try? Directories.removeTree(files)
        try MountStep.perform([.directory(files)], "staging")
        defer {
            try? Mounts.detach(files + "/console")
            try? Directories.removeTree(files)
        }
        var changed = arguments.with("pid-file", files + "/pid")
        if staging != nil { changed = changed.with("bundle", top) }
        if let console {
            try MountStep.perform([.file(files + "/console")], "staging the console socket")
            try attempt("staging the console socket", files) { () throws(Errno) in try MountTree.move(console, to: files + "/console") }
            changed = changed.with("console-socket", files + "/console")
        }
        var answer = Inside.Answer()
        // Every program of the container sends a descriptor of its own to the same path: one after the other.
        let lock = try attempt("locking", top + "/listener.lock") { () throws(Errno) in
            let file = try Files.open(top + "/listener.lock", flags: O_RDWR | O_CREAT, mode: 0o600)
            try Locks.lock(file)
            return file.release()
        }
        var isHeld = true
        defer { if isHeld { _ = close(lock) } }
        _ = unsafe unlink(StagedContainer.listener(top))
        let register = { (descriptor: CInt) throws(Failure) in
            _ = try vnode.daemon.ask(
                .addListener(vnode: vnode.state.name, view: view, top: top), descriptors: [descriptor], "registering the seccomp listener")
        }
        var listener = try SeccompListener(below: top)
        answer.status = try vnode.runEngine(changed, network: network, log: log, listener: &listener) { (descriptor) throws(Failure) in
            _ = close(lock)
            isHeld = false
            try register(descriptor)
        }
        if let bytes = try? Files.read(files + "/pid") { answer.pid = Int32(String(decoding: bytes, as: UTF8.self)) }
        if answer.status == 0, let staging {
            guard !listener.isAlone else {
                throw Failure("the engine \(vnode.engine.name) sends no seccomp descriptor: it was built without seccomp")
            }
            if let pid = answer.pid { try ShownTrees.check(pid, top: top, in: staging, engine: vnode.engine.name) }
        }
        if answer.status == 0, listener.isPending {
            guard let process = answer.pid.flatMap(ProcessIdentity.init(pid:))?.open() else {
                throw Failure("taking the seccomp descriptor: \(listener.path): the engine has ended, and has written no pid of a process")
            }
            try listener.receiveLater(of: process, keeping: [vnode.daemon.channel.socket.raw], handOver: register)
        }
        return answer
    }

    /// Where the engine leaves the descriptor by which system calls are answered.
    static func listener(_ top: String) -> String { top + "/seccomp.sock" }

    /// Takes away what staging made, in the outer container too.
    static func remove(_ id: String, shownAt: [String], in vnode: Inside) {
        if !shownAt.isEmpty {
            try? vnode.inOuter { () throws(Failure) in
                guard let root = try? Files.open("/", flags: O_RDONLY | O_DIRECTORY) else { return }
                for path in shownAt where (try? Files.openInside(path, root: root)) != nil {
                    try? Mounts.detach(path, following: false)
                }
            }
        }
        try? Mounts.detach("/inner/" + id)
        try? Directories.remove("/inner/" + id)
    }
}
