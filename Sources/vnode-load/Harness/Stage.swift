import ArgumentParser
import Control
import Glibc
import Linux
import LoadChecks
import SystemPackage

/// vNodes that are nothing but their files: FUSE mounts in a mount namespace of this program's own, registered by the control
/// protocol. One process stands for the first process of all of them.
final class Stage {
    struct Member {
        let number: Int
        let node: Node
        /// Numbers of its views.
        let views: [UInt32]

        /// A file of one of its views.
        func target(_ name: String, view: Int = 0, isStatic: Bool = false) -> Target {
            Target(node, path: "\(isStatic ? "static" : "live")/\(views[view])\(name)", name: name, isCached: name != "/proc/uptime")
        }
    }

    private let socket: String
    private var channel: Channel
    private let base: String
    private let cgroups: String
    private let namespace: OwnedFD
    private let procfs: OwnedFD
    private let first: Processes.Child
    private let expectation: Expectation
    private var members: [Int: Member] = [:]

    /// To be made while the program has one thread.
    init(_ server: Server, scratch: String) throws {
        Stage.raiseDescriptorLimit()
        first = try Processes.fork {
            _ = try? Processes.dieWithParent()
            while true { pause() }
        }
        socket = server.socket
        channel = try Stage.connect(server.socket)
        try Namespaces.unshare(.mount)
        try Mounts.mount("none", on: "/", [.recursive, .isPrivate])
        base = "\(scratch)/mounts"
        try Directories.make(base)
        try Mounts.mount("vnode-load", on: base, type: "tmpfs")
        namespace = try Files.open("/proc/self/ns/mnt", flags: O_RDONLY)
        procfs = try Files.open("/proc", flags: O_RDONLY | O_DIRECTORY)
        expectation = try Machine.expectation()
        cgroups = "\(try Machine.cgroup2)/vnode-load-\(getpid())"
        try Directories.make(cgroups)
    }

    private static func connect(_ socket: String) throws -> Channel {
        let channel = try Channel.connect(to: socket, seconds: 30)
        _ = try channel.ask(.hello(version: protocolVersion))
        return channel
    }

    /// A connection may end with the worker that answers on it.
    func reconnect() throws { channel = try Stage.connect(socket) }

    /// Makes, mounts and registers a vNode with some views. The first is of its top cgroup, the others of cgroups below.
    func add(_ number: Int, views count: Int) throws -> Member {
        let top = "\(cgroups)/\(number)"
        let place = "\(base)/\(number)"
        var cgroup = top
        var wanted: [String] = []
        for _ in 0..<count {
            try Directories.make(cgroup)
            wanted.append(cgroup)
            cgroup += "/c"
        }
        try Directories.make(place)
        let first = try mount("\(place)/static")
        let second = try mount("\(place)/live")
        let record = VNodeRecord(
            name: name(number), uidBase: 1_000_000, startedAt: UInt64(clamping: Clock.boot), hostname: name(number),
            bootID: "00000000-0000-4000-8000-000000000000", cgroup: top, initPID: self.first.pid)
        _ = try channel.ask(
            .addVNode(record), descriptors: [first.raw, second.raw, namespace.raw, self.first.pidfd.raw, procfs.raw])
        let views = try wanted.enumerated().map { index, path in
            let view = ViewRecord(name: "view\(index)", cgroup: path)
            guard case .view(let number) = try channel.ask(.addView(vnode: record.name, view, isTied: false)).0 else {
                throw Trouble("addView: an answer without a number")
            }
            return number
        }
        let node = Node(name: record.name, root: try Files.open(place, flags: O_RDONLY | O_DIRECTORY), expectation: expectation)
        let member = Member(number: number, node: node, views: views)
        members[number] = member
        return member
    }

    /// The same undone.
    func remove(_ member: Member) throws {
        member.node.leave()
        members[member.number] = nil
        let request = Request.removeVNode(name: member.node.name)
        do { _ = try channel.ask(request) } catch {
            try reconnect()
            _ = try channel.ask(request)
        }
        let place = "\(base)/\(member.number)"
        for name in ["static", "live"] {
            try Mounts.detach("\(place)/\(name)")
            try Directories.remove("\(place)/\(name)")
        }
        try Directories.remove(place)
        try removeCgroups(member.number, views: member.views.count)
    }

    private func removeCgroups(_ number: Int, views: Int) throws {
        for depth in (0..<views).reversed() {
            try Directories.remove("\(cgroups)/\(number)" + String(repeating: "/c", count: depth))
        }
    }

    private func name(_ number: Int) -> String { "stage\(getpid())-\(number)" }

    private func mount(_ path: String) throws -> OwnedFD {
        try Directories.make(path)
        let device = try Files.open("/dev/fuse", flags: O_RDWR | O_NONBLOCK)
        let options = "fd=\(device.raw),rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions,max_read=131072"
        try Mounts.mount("vnode", on: path, type: "fuse.vnode", [.noSetUID, .noDevices, .noExecute, .noAccessTime], data: options)
        return device
    }

    /// Removes everything. What could not be.
    func end() -> [String] {
        var faults: [String] = []
        func attempt(_ what: String, _ body: () throws -> Void) {
            do { try body() } catch { faults.append("\(what): \(error)") }
        }
        for member in members.values.sorted(by: { $0.number < $1.number }) { attempt("removing a vNode") { try remove(member) } }
        // Those that were not finished, too: they have no member yet.
        for entry in (try? Directories.list(base)) ?? [] {
            for name in ["static", "live"] { _ = try? Mounts.detach("\(base)/\(entry.name)/\(name)") }
        }
        attempt("unmounting \(base)") { try Mounts.detach(base) }
        attempt("removing \(cgroups)") { try removeGroup(cgroups) }
        attempt("ending the helper") {
            try Processes.send(SIGKILL, to: first.pidfd)
            _ = try Processes.wait(first.pid)
        }
        return faults
    }

    /// A cgroup and those below it; its files go with it.
    private func removeGroup(_ path: String) throws(Errno) {
        for entry in try Directories.list(path) where entry.kind == .directory { try removeGroup("\(path)/\(entry.name)") }
        try Directories.remove(path)
    }

    private static func raiseDescriptorLimit() {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}

/// A run on a stage: a daemon, what `body` does, and everything taken away after it.
func withStage(_ bin: String, _ body: (Server, Stage, Run, Interrupts, _ scratch: String) throws -> Void) throws {
    let interrupts = try Interrupts()
    let scratch = try Scratch.make()
    var failure: (any Error)?
    var faults: [String] = []
    do {
        let server = try Server(bin: bin, scratch: scratch)
        let run = Run()
        var stage: Stage?
        do {
            let made = try Stage(server, scratch: scratch)
            stage = made
            try body(server, made, run, interrupts, scratch)
        } catch { failure = error }
        run.join()
        if !server.isRunning { faults.append("vnode-fs has ended: \(server.lastWords)") }
        faults += stage?.end() ?? []
        if let fault = server.stop() { faults.append(fault) }
    } catch { failure = error }
    do { try Directories.removeTree(scratch) } catch { faults.append("removing \(scratch): \(error)") }
    for fault in faults { say("fault: \(fault)") }
    if let failure { throw failure }
    if !faults.isEmpty { throw ExitCode(1) }
}
