import Control
import Glibc
import Linux
import SystemPackage

/// `delete`: whatever state a container is in, nothing of it is left after it. Twice is as once.
enum Deletion {
    static func run(
        _ arguments: RuntimeArguments, _ settings: RuntimeSettings, _ log: RuntimeLog
    ) throws(Failure) -> Int32 {
        let found = try FoundContainer(arguments, settings)
        let isForced = arguments.has("force")
        guard let record = found.record else {
            if isForced { return 0 }
            throw Failure.unknownContainer
        }
        // What is staged and the view stay until the vNode ends: nobody has the way there but vnode-fs.
        if let unreachable = found.unreachable, !isForced { throw unreachable }
        if let vnode = found.vnode {
            let file = try EngineLogFile()
            let status = try vnode.run { () throws(Failure) in
                Inside.Answer(status: try vnode.runEngine(arguments, network: nil, log: file.file.raw))
            }.status
            if status != 0 {
                let bytes = file.bytes
                // The engine never had it, or has lost it: what is staged is to go nevertheless.
                let isUnknown = record.process?.isAlive != true && Deletion.saysUnknown(String(decoding: bytes, as: UTF8.self))
                guard isForced || isUnknown else {
                    log.append(bytes, of: vnode.engine, status: status)
                    return status
                }
            }
            takeAway(record, in: vnode, isForced: false)
        } else {
            if found.unreachable != nil { found.kill() }
            removeCgroup(record)
        }
        try found.vnodes.leave(record, as: found.name)
        return 0
    }

    /// Everything of a container but its record.
    static func takeAway(_ record: ContainerRecord, in vnode: Inside, isForced: Bool) {
        _ = try? vnode.run { () throws(Failure) in
            if isForced {
                var words = ["delete", "--force", record.id]
                if record.isSystemd { words.insert("--systemd-cgroup", at: 0) }
                let log = try EngineLogFile()
                _ = try? vnode.runEngine(try RuntimeArguments(words), network: nil, log: log.file.raw)
            }
            StagedContainer.remove(record.id, shownAt: record.shownAt, in: vnode)
            return Inside.Answer()
        }
        if let view = record.view { _ = try? vnode.daemon.ask(.removeView(vnode: record.vnode, number: view), "removing a view") }
        removeCgroup(record)
    }

    /// As runc says it, and as crun does, which has not found the file of a container's state.
    static func saysUnknown(_ log: String) -> Bool {
        log.contains("does not exist") || log.contains("/status") && log.contains("No such file or directory")
    }

    static func removeCgroup(_ record: ContainerRecord) {
        // What is above it is the pod's, whose other containers may just be made.
        if let cgroup = record.cgroup, record.madeCgroups.contains(cgroup) { try? Cgroup.remove(cgroup) }
    }
}

extension Failure {
    /// As runc says it: containerd compares.
    static let unknownContainer = Failure("container does not exist")
}

/// A container on record, and its vNode if that is still up.
final class FoundContainer {
    let vnodes: PodVNodes
    let name: String
    let record: ContainerRecord?
    let vnode: Inside?
    /// Why nobody can work in the vNode, although it is up: its daemon does not answer.
    let unreachable: Failure?

    init(_ arguments: RuntimeArguments, _ settings: RuntimeSettings) throws(Failure) {
        guard let id = arguments.container else { throw Failure("\(arguments.command): no container id") }
        name = try ContainerRecords.name(root: arguments.global("root") ?? "", id: id)
        vnodes = try PodVNodes(settings)
        record = vnodes.records.read(name)
        // It may be on record elsewhere.
        if record == nil, settings.mayBeElsewhere, let fault = settings.fault { throw Failure(fault) }
        guard let record, let state = vnodes.directory.state(of: record.vnode), state.bootID == record.bootID,
            state.initProcess?.isWhole == true
        else {
            vnode = nil
            unreachable = nil
            return
        }
        do throws(Failure) {
            vnode = try Inside(state, settings, for: record)
            unreachable = nil
        } catch {
            vnode = nil
            // It ends with its daemon, and may be about to.
            unreachable = state.initProcess?.isWhole == true && Daemon.serves(state, seconds: 1) ? error : nil
        }
    }

    /// The vNode, to work in it.
    func reached() throws(Failure) -> (record: ContainerRecord, vnode: Inside) {
        if let unreachable { throw unreachable }
        guard let record, let vnode else { throw Failure.unknownContainer }
        return (record, vnode)
    }

    /// Kills all of the container, for which the kernel alone is needed. Only what can be told from a later one's processes.
    func kill() {
        guard let record else { return }
        if let process = record.process?.open() { try? Processes.send(SIGKILL, to: process) }
        if let cgroup = record.cgroup { Cgroup.kill(cgroup) }
    }
}
