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
    /// Has asked for an upgrade that is under way: its request stays where it is until that is decided.
    var isWaiting = false

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
    private let asking: Asking
    /// The connection whose upgrade this worker is the result of, until it is told; 0: none.
    private var upgradedFor: UInt64
    private let log: Logger

    init(registry: Registry, link: Link? = nil, history: History = History(), log: Logger) throws(Errno) {
        self.registry = registry
        self.link = link
        self.log = log
        self.history = history
        limits = try LimitWatch(log: log)
        upgradedFor = history.upgradedFor
        asking = try Asking(registry.vault, history)
    }

    /// The connection whose request a worker before this one has begun; 0: none.
    var interrupted: UInt64 { asking.interrupted }

    /// Answers one request, if there is one. Throws when the client cannot be told, or what it says is no request.
    func answer(_ client: Client) throws(ControlError) -> Bool {
        // Taken away only when it is answered: a worker that dies before leaves it to the next one.
        let asked: Asked
        let received: Received
        do throws(ControlError) {
            guard let message = try client.channel.receive(Asked.self, peeking: true, waiting: false) else { return false }
            (asked, received) = (message.0, Received(message.1))
        } catch {
            if error.errno == .wouldBlock { return true }
            throw error
        }
        if case .upgrade = asked.request, client.serial == upgradedFor {
            upgradedFor = 0
            try tell(client, asked, Answer(responses: [.upgraded(release: releaseVersion, pid: getpid())]))
            return true
        }
        defer { asking.end() }
        var answer: Answer
        do throws(ControlError) {
            try asking.begin(client.serial, asked.number)
            Fault.strike("begun", of: asked.request)
            if case .upgrade = asked.request {
                try upgrade(received, for: client)
                client.isWaiting = true
                return true
            }
            answer = try perform(asked.request, received, of: client)
        } catch {
            if asking.isPoisoned {
                registry.countPoisoned()
                log.error("a request that kills workers is refused", metadata: ["request": "\(asked.request.name)", "errno": "EIO"])
            } else {
                log.warning("\(error.message)", metadata: ["errno": "\(error.errno.rawValue)"])
            }
            answer = Answer(responses: [.failed(errno: error.errno.rawValue, message: error.message)])
        }
        Fault.strike("performed", of: asked.request)
        try tell(client, asked, answer)
        return true
    }

    private func tell(_ client: Client, _ asked: Asked, _ answer: Answer) throws(ControlError) {
        for (part, response) in answer.responses.enumerated() {
            try client.channel.send(Answered(asked.number, part: part, response), descriptors: part == 0 ? answer.descriptors : [])
        }
        Fault.strike("answered", of: asked.request)
        client.channel.skip()
    }

    /// The connection is gone, and with it the views that were tied to it.
    func disconnected(_ client: Client) {
        for vnode in registry.vnodes {
            for view in vnode.all where view.tiedTo == client.serial {
                limits.remove(vnode: vnode.record.name, view: view.number)
                registry.removeListeners(of: vnode, view: view.number)
                _ = vnode.removeView(view.number)
            }
        }
    }

    /// There is no upgrade. Workers are told of it for some time: the one that was first may have died.
    func refused(_ client: Client, _ reason: String) {
        guard let (asked, descriptors) = try? client.channel.receive(Asked.self, peeking: true, waiting: false) else { return }
        _ = Received(descriptors)
        guard case .upgrade = asked.request else { return }
        let message = "vnode-fs goes on as it is: \(reason)"
        try? tell(client, asked, Answer(responses: [.failed(errno: Errno.notSupported.rawValue, message: message)]))
        client.isWaiting = false
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
            let number = Int(clamping: asking.number { UInt64(clamping: vnode.nextView) })
            if asking.isAgain, let made = try? vnode.view(number), made.record == record {
                return Answer(responses: [.view(number: UInt32(clamping: number))])
            }
            let view: View
            do throws(Errno) { view = try vnode.add(record, tiedTo: isTied ? client.serial : nil) } catch {
                throw ControlError(error, "view \"\(record.name)\" of vNode \"\(name)\": cgroup \(record.cgroup): \(error)")
            }
            limits.add(view, of: name)
            return Answer(responses: [.view(number: UInt32(view.number))])
        case .addListener(let name, let view, let top):
            guard received.count == 1 else { throw ControlError(.invalidArgument, "addListener takes 1 descriptor, not \(received.count)") }
            let serial = asking.number { registry.vault.memory.nextSerial() }
            try registry.addListener(try received.take(), serial: serial, of: registry.vnode(name), view: Int(view), top: top)
            return Answer(responses: [.done])
        case .removeView(let name, let number):
            limits.remove(vnode: name, view: Int(number))
            let vnode = try registry.vnode(name)
            registry.removeListeners(of: vnode, view: Int(number))
            guard vnode.removeView(Int(number)) != nil || asking.isAgain else {
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
    private func upgrade(_ received: Received, for client: Client) throws(ControlError) {
        guard let link else { throw ControlError(.notSupported, "a debug mount cannot be upgraded") }
        guard received.count == 1 else { throw ControlError(.invalidArgument, "upgrade takes 1 descriptor, not \(received.count)") }
        let program = try received.take()
        do throws(Errno) { try link.send(.upgrade(client: client.serial), descriptors: [program.raw]) } catch {
            throw ControlError(error, "upgrade: asking the supervisor: \(error)")
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
