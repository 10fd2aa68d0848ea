import Control
import Glibc
import Linux
import Logging
import Metrics
import Readings
import SystemPackage
import Takeover

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
    /// The same for every worker.
    let serial: UInt64
    let channel: Channel

    init(_ serial: UInt64, _ socket: consuming OwnedFD) {
        self.serial = serial
        channel = Channel(socket)
    }
}

/// Answers requests of the control socket. Used by the control thread only.
final class ControlService {
    struct Answer {
        var responses: [Response] = []
        /// Go with the first response.
        var descriptors: [CInt] = []
        /// Keeps the descriptors open until they are sent.
        var keep: VNode.Descriptors?
        var report: SentReport?
    }

    final class SentReport {
        let file: OwnedFD
        init(_ file: consuming OwnedFD) { self.file = file }
    }

    let registry: Registry
    let limits: LimitWatch
    /// Called with every vNode before it is served, and before it is forgotten. False when its end cannot be noticed.
    var willServe: (VNode) -> Bool = { _ in true }
    var willForget: (VNode) -> Void = { _ in }
    private let link: Link?
    private let history: History
    private var supervisor: Int32 { link == nil ? getpid() : history.supervisor }
    /// The client whose request is being answered, 0 when none is, and how many workers have died of it.
    private let asking: (client: Cell, deaths: Cell)
    private let log: Logger

    init(registry: Registry, link: Link? = nil, history: History = History(), log: Logger) throws(Errno) {
        self.registry = registry
        self.link = link
        self.log = log
        self.history = history
        limits = try LimitWatch()
        let vault = registry.vault
        let item = Item(.control).raw
        vault.open(owner: Registry.own)
        guard
            let record = vault.found().first(where: { $0.owner == Registry.own && $0.item == item })?.record
                ?? vault.put([], owner: Registry.own, item: item)
        else { throw .noMemory }
        asking = (vault.cell(0, of: record), vault.cell(1, of: record))
        if asking.client.value != 0, history.signal != 0 { asking.deaths.value += 1 }
    }

    /// Answers one request. Throws when the client cannot be told, or what it says is no request.
    func answer(_ client: Client) throws(ControlError) -> Bool {
        // Taken away only when it is done: a worker that dies before leaves it to the next one.
        guard let (request, descriptors) = try client.channel.receive(Request.self, peeking: true) else { return false }
        let received = Received(descriptors)
        let answer: Answer
        do throws(ControlError) {
            try begin(client)
            if case .upgrade = request {
                client.channel.skip()
                answer = try upgrade(received, for: client)
            } else {
                answer = try perform(request, received, of: client)
                client.channel.skip()
            }
        } catch {
            if case .upgrade = request {} else { client.channel.skip() }
            end()
            log.warning("\(error.message)", metadata: ["errno": "\(error.errno.rawValue)"])
            try client.channel.send(Response.failed(errno: error.errno.rawValue, message: error.message))
            return true
        }
        end()
        for (index, response) in answer.responses.enumerated() {
            try client.channel.send(response, descriptors: index == 0 ? answer.descriptors : [])
        }
        return true
    }

    /// The connection is gone, and with it the views that were tied to it.
    func disconnected(_ client: Client) {
        for vnode in registry.vnodes {
            for view in vnode.all where view.tiedTo == client.serial {
                limits.remove(vnode: vnode.record.name, view: view.number)
                _ = vnode.removeView(view.number)
            }
        }
    }

    func refused(_ client: Client, _ reason: String) {
        try? client.channel.send(Response.failed(errno: Errno.notSupported.rawValue, message: "vnode-fs goes on as it is: \(reason)"))
    }

    func upgraded(_ client: Client) { try? client.channel.send(Response.upgraded(release: releaseVersion, pid: getpid())) }

    private func begin(_ client: Client) throws(ControlError) {
        if asking.client.value == client.serial, asking.deaths.value >= 2 {
            throw ControlError(.ioError, "vnode-fs has died of this request twice: not tried again")
        }
        if asking.client.value != client.serial { asking.deaths.value = 0 }
        asking.client.value = client.serial
    }

    private func end() {
        asking.client.value = 0
        asking.deaths.value = 0
    }

    private func perform(_ request: Request, _ received: Received, of client: Client) throws(ControlError) -> Answer {
        switch request {
        case .hello(let version):
            guard version == protocolVersion else {
                throw ControlError(
                    .notSupported,
                    "vnode-fs speaks version \(protocolVersion) of the control protocol, not \(version): install both from one build")
            }
            return Answer(responses: [.hello(version: protocolVersion, pid: supervisor)])
        case .addVNode(let record):
            try ControlService.checkLength(record)
            try add(record, received)
            return Answer(responses: [.done])
        case .addView(let name, let record, let isTied):
            try ControlService.checkLength(record)
            let vnode = try registry.vnode(name)
            let view: View
            do throws(Errno) { view = try vnode.add(record, tiedTo: isTied ? client.serial : nil) } catch {
                throw ControlError(error, "view \"\(record.name)\" of vNode \"\(name)\": cgroup \(record.cgroup): \(error)")
            }
            limits.add(view, of: name)
            return Answer(responses: [.view(number: UInt32(view.number))])
        case .removeView(let name, let number):
            limits.remove(vnode: name, view: Int(number))
            guard try registry.vnode(name).removeView(Int(number)) != nil else {
                throw ControlError(.noSuchFileOrDirectory, "vNode \"\(name)\" has no view \(number)")
            }
            return Answer(responses: [.done])
        case .removeVNode(let name):
            // The end of its first process may have been noticed before.
            end(name)
            return Answer(responses: [.done])
        case .staging(let name):
            guard let descriptors = try registry.vnode(name).descriptors else {
                throw ControlError(.noSuchFileOrDirectory, "\"\(name)\" is a debug mount, not a vNode")
            }
            return Answer(responses: [.done], descriptors: [descriptors.staging.raw], keep: descriptors)
        case .list:
            return Answer(responses: registry.vnodes.flatMap { Response.vnodes($0.record, views: $0.all.map(\.record)) } + [.done])
        case .metrics:
            let report: SentReport
            do { report = SentReport(try registry.report(history).memfd()) } catch { throw ControlError(.ioError, "metrics: \(error)") }
            return Answer(responses: [.done], descriptors: [report.file.raw], report: report)
        case .upgrade: throw ControlError(.invalidArgument, "upgrade: not here")
        }
    }

    private func add(_ record: VNodeRecord, _ received: Received) throws(ControlError) {
        guard received.count == 5 else { throw ControlError(.invalidArgument, "addVNode takes 5 descriptors, not \(received.count)") }
        // Asked again by a client whose first answer died with a worker.
        if (try? registry.vnode(record.name))?.record.packed == record.packed { return }
        let first = try received.take()
        let second = try received.take()
        let descriptors = VNode.Descriptors(staging: try received.take(), pidfd: try received.take(), procfs: try received.take())
        let vnode = try registry.add(record, static: first, live: second, descriptors: descriptors)
        guard willServe(vnode) else {
            end(record.name)
            throw ControlError(.noMemory, "vNode \"\(record.name)\": its end cannot be watched")
        }
        log.info("vNode added", metadata: ["vnode": "\(record.name)", "uids": "\(record.uidBase)", "cgroup": "\(record.cgroup)"])
    }

    /// The answer comes from the worker that is the result, or when there is none.
    private func upgrade(_ received: Received, for client: Client) throws(ControlError) -> Answer {
        guard let link else { throw ControlError(.notSupported, "a debug mount cannot be upgraded") }
        guard received.count == 1 else { throw ControlError(.invalidArgument, "upgrade takes 1 descriptor, not \(received.count)") }
        let program = try received.take()
        do throws(Errno) { try link.send(.upgrade(client: client.serial), descriptors: [program.raw]) } catch {
            throw ControlError(error, "upgrade: asking the supervisor: \(error)")
        }
        return Answer()
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
