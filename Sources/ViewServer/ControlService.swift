import Control
import Glibc
import Linux
import Logging
import Readings
import SystemPackage

/// Descriptors that came with a request. What is not taken is closed.
final class Received {
    private var descriptors: [CInt]

    init(_ descriptors: [CInt]) { self.descriptors = descriptors }

    deinit {
        for descriptor in descriptors { _ = close(descriptor) }
    }

    var count: Int { descriptors.count }

    /// The next one, in the order they were sent.
    func take() throws(ControlError) -> OwnedFD {
        guard !descriptors.isEmpty else { throw ControlError(.invalidArgument, "a descriptor is missing") }
        return OwnedFD(taking: descriptors.removeFirst())
    }
}

/// Answers requests of the control socket. Used by the control thread only.
final class ControlService {
    let registry: Registry
    let limits: LimitWatch
    private let log: Logger

    init(registry: Registry, log: Logger) throws(Errno) {
        self.registry = registry
        self.log = log
        limits = try LimitWatch()
    }

    /// Answers one request. The vNode it added, if it did: its end is to be watched.
    func answer(_ request: Request, _ received: Received, on channel: borrowing Channel) throws(ControlError) -> VNode? {
        do throws(ControlError) {
            return try perform(request, received, on: channel)
        } catch {
            log.warning("\(error.message)", metadata: ["errno": "\(error.errno.rawValue)"])
            try channel.send(Response.failed(errno: error.errno.rawValue, message: error.message))
            return nil
        }
    }

    private func perform(_ request: Request, _ received: Received, on channel: borrowing Channel) throws(ControlError) -> VNode? {
        switch request {
        case .hello(let version):
            guard version == protocolVersion else {
                throw ControlError(
                    .notSupported,
                    "vnode-fs speaks version \(protocolVersion) of the control protocol, not \(version): install both from one build")
            }
            try channel.send(Response.hello(version: protocolVersion, pid: getpid()))
        case .addVNode(let record):
            guard received.count == 5 else { throw ControlError(.invalidArgument, "addVNode takes 5 descriptors, not \(received.count)") }
            let first = try received.take()
            let second = try received.take()
            let descriptors = VNode.Descriptors(staging: try received.take(), pidfd: try received.take(), procfs: try received.take())
            let vnode = try registry.add(record, static: first, live: second, descriptors: descriptors)
            log.info("vNode added", metadata: ["vnode": "\(record.name)", "uids": "\(record.uidBase)", "cgroup": "\(record.cgroup)"])
            try channel.send(Response.done)
            return vnode
        case .addView(let name, let record):
            let vnode = try registry.vnode(name)
            let view: View
            do throws(Errno) { view = try vnode.add(record) } catch {
                throw ControlError(error, "view \"\(record.name)\" of vNode \"\(name)\": cgroup \(record.cgroup): \(error)")
            }
            limits.add(view, of: name)
            try channel.send(Response.view(number: UInt32(view.number)))
        case .removeView(let name, let number):
            limits.remove(vnode: name, view: Int(number))
            guard try registry.vnode(name).removeView(Int(number)) != nil else {
                throw ControlError(.noSuchFileOrDirectory, "vNode \"\(name)\" has no view \(number)")
            }
            try channel.send(Response.done)
        case .removeVNode(let name):
            // The end of its first process may have been noticed before.
            end(name)
            try channel.send(Response.done)
        case .staging(let name):
            guard let descriptors = try registry.vnode(name).descriptors else {
                throw ControlError(.noSuchFileOrDirectory, "\"\(name)\" is a debug mount, not a vNode")
            }
            try channel.send(Response.done, descriptors: [descriptors.staging.raw])
        case .list:
            for vnode in registry.vnodes { try channel.send(Response.vnode(vnode.record, views: vnode.all.map(\.record))) }
            try channel.send(Response.done)
        }
        return nil
    }

    func end(_ name: String) {
        limits.remove(vnode: name)
        if registry.remove(name) { log.info("vNode removed", metadata: ["vnode": "\(name)"]) }
    }
}
