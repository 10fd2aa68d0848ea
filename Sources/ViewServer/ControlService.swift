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

/// One connection of the control socket.
final class Client {
    let channel: Channel
    /// Views that go when the connection does.
    var views: [(vnode: String, number: Int)] = []

    init(_ socket: consuming OwnedFD) { channel = Channel(socket) }
}

/// Answers requests of the control socket. Used by the control thread only.
final class ControlService {
    let registry: Registry
    let limits: LimitWatch
    /// Called with every vNode before it is served, and before it is forgotten. False when its end cannot be noticed.
    var willServe: (VNode) -> Bool = { _ in true }
    var willForget: (VNode) -> Void = { _ in }
    private let log: Logger

    init(registry: Registry, log: Logger) throws(Errno) {
        self.registry = registry
        self.log = log
        limits = try LimitWatch()
    }

    /// Answers one request. Throws when the client cannot be told.
    func answer(_ request: Request, _ received: Received, of client: Client) throws(ControlError) {
        do throws(ControlError) {
            try perform(request, received, of: client)
        } catch {
            log.warning("\(error.message)", metadata: ["errno": "\(error.errno.rawValue)"])
            try client.channel.send(Response.failed(errno: error.errno.rawValue, message: error.message))
        }
    }

    /// The connection is gone, and with it the views that were tied to it.
    func disconnected(_ client: Client) {
        for view in client.views {
            limits.remove(vnode: view.vnode, view: view.number)
            _ = try? registry.vnode(view.vnode).removeView(view.number)
        }
    }

    private func perform(_ request: Request, _ received: Received, of client: Client) throws(ControlError) {
        switch request {
        case .hello(let version):
            guard version == protocolVersion else {
                throw ControlError(
                    .notSupported,
                    "vnode-fs speaks version \(protocolVersion) of the control protocol, not \(version): install both from one build")
            }
            try client.channel.send(Response.hello(version: protocolVersion, pid: getpid()))
        case .addVNode(let record):
            guard received.count == 5 else { throw ControlError(.invalidArgument, "addVNode takes 5 descriptors, not \(received.count)") }
            try ControlService.checkLength(record)
            let first = try received.take()
            let second = try received.take()
            let descriptors = VNode.Descriptors(staging: try received.take(), pidfd: try received.take(), procfs: try received.take())
            let vnode = try registry.add(record, static: first, live: second, descriptors: descriptors)
            guard willServe(vnode) else {
                end(record.name)
                throw ControlError(.noMemory, "vNode \"\(record.name)\": its end cannot be watched")
            }
            log.info("vNode added", metadata: ["vnode": "\(record.name)", "uids": "\(record.uidBase)", "cgroup": "\(record.cgroup)"])
            try client.channel.send(Response.done)
        case .addView(let name, let record, let isTied):
            try ControlService.checkLength(record)
            let vnode = try registry.vnode(name)
            let view: View
            do throws(Errno) { view = try vnode.add(record) } catch {
                throw ControlError(error, "view \"\(record.name)\" of vNode \"\(name)\": cgroup \(record.cgroup): \(error)")
            }
            limits.add(view, of: name)
            if isTied { client.views.append((name, view.number)) }
            try client.channel.send(Response.view(number: UInt32(view.number)))
        case .removeView(let name, let number):
            limits.remove(vnode: name, view: Int(number))
            guard try registry.vnode(name).removeView(Int(number)) != nil else {
                throw ControlError(.noSuchFileOrDirectory, "vNode \"\(name)\" has no view \(number)")
            }
            try client.channel.send(Response.done)
        case .removeVNode(let name):
            // The end of its first process may have been noticed before.
            end(name)
            try client.channel.send(Response.done)
        case .staging(let name):
            guard let descriptors = try registry.vnode(name).descriptors else {
                throw ControlError(.noSuchFileOrDirectory, "\"\(name)\" is a debug mount, not a vNode")
            }
            try client.channel.send(Response.done, descriptors: [descriptors.staging.raw])
        case .list:
            for vnode in registry.vnodes {
                for part in Response.vnodes(vnode.record, views: vnode.all.map(\.record)) { try client.channel.send(part) }
            }
            try client.channel.send(Response.done)
        }
    }

    /// One that cannot be listed would keep everybody from the list.
    private static func checkLength(_ record: some Encodable) throws(ControlError) {
        let size = Channel.size(of: record)
        guard size <= Channel.longestRecord else {
            throw ControlError(.messageTooLong, "a record of \(size) bytes is longer than \(Channel.longestRecord)")
        }
    }

    func end(_ name: String) {
        if let vnode = try? registry.vnode(name) { willForget(vnode) }
        limits.remove(vnode: name)
        if registry.remove(name) { log.info("vNode removed", metadata: ["vnode": "\(name)"]) }
    }
}
