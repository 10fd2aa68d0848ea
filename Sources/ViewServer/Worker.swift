import Control
import Glibc
import Linux
public import Logging
import Metrics
import Readings
import SystemPackage
import Takeover
import Tree

/// The process that answers: one thread for control, a fixed number for requests. What must outlive it is in the vault and with the
/// supervisor.
public final class Worker {
    public struct Options: Sendable {
        public var workers: Int
        /// Ends by itself once nobody is connected and no vNode is left.
        public var isPrivate: Bool
        /// What goes wrong on purpose.
        public var fault: String?

        public init(workers: Int, isPrivate: Bool, fault: String? = nil) {
            self.workers = workers
            self.isPrivate = isPrivate
            self.fault = fault
        }
    }

    private enum Key {
        static let listener: UInt64 = 1
        static let link: UInt64 = 2
        static let timer: UInt64 = 3
        static let limits: UInt64 = 4
        static let metrics: UInt64 = 5
        static let first: UInt64 = 16
    }

    private let options: Options
    private let log: Logger
    private let link: Link
    private let history: History
    private let epoll: Epoll
    private let listener: OwnedFD
    private let timer: OwnedFD
    private let memory: SharedMemory
    private let service: ControlService
    private let metrics: MetricsEndpoint?
    private var clients: [UInt64: Client] = [:]
    private var next = Key.first
    private var endings: [UInt64: String] = [:]
    private var endingOf: [String: UInt64] = [:]
    private var wasAsked = false
    private var isListening = true
    private var areLimitsResting = false
    private var limitsAt: Int64 = 0
    /// Milliseconds between two looks at limits that change.
    private static let rest: CInt = 20

    /// Takes over from the worker before. Must run before any other thread exists: signals are blocked here.
    public init(_ options: Options, link socket: consuming OwnedFD, log: Logger) throws {
        self.options = options
        self.log = log
        // Ctrl-C reaches every process of a terminal's foreground group; when to end is the supervisor's to say.
        for number in [SIGINT, SIGTERM, SIGHUP] { _ = signal(number, SIG_IGN) }
        link = Link(socket)
        try link.send(.hello(version: UInt64(SharedMemory.version), release: releaseVersion))
        let received = try Worker.takeOver(link)
        history = received.history
        if let fault = options.fault { Fault.arm(fault, generation: history.generation) }
        var held = received.held
        guard let shared = held.removeValue(forKey: HeldKey.memory.raw), let listening = held.removeValue(forKey: HeldKey.listener.raw)
        else { throw Errno.badFileDescriptor }
        memory = try SharedMemory(existing: OwnedFD(taking: shared))
        listener = OwnedFD(taking: listening)
        metrics = try held.removeValue(forKey: HeldKey.metrics.raw).map { try MetricsEndpoint(OwnedFD(taking: $0)) }
        epoll = try Epoll()
        timer = try Events.timer()
        let registry = try Registry(
            node: NodeReadings(), workers: options.workers, vault: Vault(memory), link: link, generation: memory.nextGeneration(), log: log)
        service = try ControlService(registry: registry, link: link, history: history, log: log)
        registry.restore { held.removeValue(forKey: $0) }
        try epoll.add(listener.raw, key: Key.listener)
        try epoll.add(link.socket.raw, key: Key.link)
        try epoll.add(timer.raw, key: Key.timer)
        try epoll.add(service.limits.descriptor.raw, key: Key.limits)
        if let metrics { try epoll.add(metrics.descriptor, key: Key.metrics) }
        try Events.setTimer(timer, milliseconds: 5000)
        for (key, descriptor) in held { restoreClient(key, OwnedFD(taking: descriptor)) }
        service.willServe = { [unowned self] in watchEnd(of: $0) }
        service.willForget = { [unowned self] in unwatchEnd(of: $0) }
    }

    private static func takeOver(_ link: Link) throws -> (history: History, held: [UInt64: CInt]) {
        var history = History()
        var held: [UInt64: CInt] = [:]
        while let (message, descriptors) = try link.receive(waiting: true) {
            switch message {
            case .start(let given): history = given
            case .held(let keys) where keys.count == descriptors.count:
                for (key, descriptor) in zip(keys, descriptors) { held[key] = descriptor }
            case .go: return (history, held)
            default: throw Errno.invalidArgument
            }
        }
        throw Errno.connectionReset
    }

    /// Serves until there is nothing left to serve, if private, or the supervisor ends it.
    public func run() throws {
        let replayed = service.registry.replay()
        try service.registry.start(after: history.signal == SIGXCPU ? 0 : history.signal)
        try link.send(.ready)
        if replayed > 0 { log.notice("requests replayed", metadata: ["requests": "\(replayed)"]) }
        settle()
        // An upgrade that was refused is not to be asked for again.
        while (try? Poll.readable([link.socket.raw], milliseconds: 0)) == [true] { hear() }
        if let interrupted = clients.first(where: { $0.value.serial == service.interrupted }) {
            memory.controlSince = Clock.monotonic
            answer(interrupted.value, interrupted.key)
        }
        while !isDone {
            memory.controlSince = 0
            let key = epoll.wait(milliseconds: areLimitsResting ? Worker.rest : -1)
            memory.controlSince = Clock.monotonic
            if areLimitsResting, Clock.monotonic >= limitsAt {
                areLimitsResting = (try? epoll.add(service.limits.descriptor.raw, key: Key.limits)) == nil
            }
            guard let key else { continue }
            switch key {
            case Key.listener: accept()
            case Key.link: hear()
            case Key.metrics: metrics?.handle { service.registry.report(history).prometheus() }
            case Key.timer:
                Events.drain(timer)
                if !isListening { isListening = (try? epoll.add(listener.raw, key: Key.listener)) != nil }
                service.registry.sampleLoads()
                service.registry.refreshUnasked()
                service.registry.tellAgain()
                // Nobody came: whoever started a private daemon is gone.
                wasAsked = wasAsked || options.isPrivate
            case Key.limits:
                service.registry.refresh(service.limits.changed().map { ($0.vnode, $0.view) })
                // Limits may be written faster than they are worth being read.
                epoll.remove(service.limits.descriptor.raw)
                areLimitsResting = true
                limitsAt = Clock.monotonic + Int64(Worker.rest) * 1_000_000
            default:
                if let client = clients[key] { answer(client, key) } else { vnodeEnded(key) }
            }
        }
        log.info("ending: nothing left to serve")
        try link.send(.finished)
    }

    /// What can wait until requests are answered again: ends and limits are watched from now on, and what they did meanwhile is seen.
    private func settle() {
        for vnode in service.registry.vnodes {
            if !watchEnd(of: vnode) { log.error("the end of a vNode cannot be watched", metadata: ["vnode": "\(vnode.record.name)"]) }
            for view in vnode.all { service.limits.add(view, of: vnode.record.name) }
        }
        service.registry.refreshAll()
        let known = Set(clients.values.map(\.serial))
        for vnode in service.registry.vnodes {
            for view in vnode.all {
                guard let tied = view.tiedTo, !known.contains(tied) else { continue }
                service.limits.remove(vnode: vnode.record.name, view: view.number)
                service.registry.removeListeners(of: vnode, view: view.number)
                _ = vnode.removeView(view.number)
            }
        }
    }

    private var isDone: Bool { options.isPrivate && wasAsked && clients.isEmpty && service.registry.isEmpty }

    private func hear() {
        do throws(Errno) {
            guard let (message, descriptors) = try link.receive(waiting: false) else {
                log.error("the supervisor is gone")
                exit(1)
            }
            for descriptor in descriptors { _ = close(descriptor) }
            if case .refused(let serial, let reason) = message {
                for (key, client) in clients where client.serial == serial {
                    let wasWaiting = client.isWaiting
                    service.refused(client, reason)
                    if wasWaiting { try epoll.add(client.channel.socket.raw, key: key) }
                }
            }
        } catch {
            if error != .wouldBlock { log.error("the supervisor says what cannot be understood: \(error)") }
        }
    }

    // MARK: Clients

    private static let clientBit: UInt64 = 1 << 63

    private func accept() {
        do {
            let socket = try Sockets.accept(on: listener)
            let peer = try Sockets.peer(of: socket)
            guard peer.uid == geteuid() || peer.uid == 0 else {
                log.warning("control connection refused", metadata: ["uid": "\(peer.uid)", "pid": "\(peer.pid)"])
                return
            }
            try Sockets.setTimeouts(socket, seconds: 2)
            let serial = memory.nextSerial()
            try link.send(.hold([Worker.clientBit | serial], connections: [0]), descriptors: [socket.raw])
            next += 1
            try epoll.add(socket.raw, key: next)
            clients[next] = Client(serial, socket)
            wasAsked = true
        } catch {
            log.warning("accepting a control connection: \(error)")
            // Out of descriptors, the listener stays readable: not to be asked again before the next tick.
            if error == .tooManyOpenFiles || error == .tooManyOpenFilesInSystem {
                epoll.remove(listener.raw)
                isListening = false
            }
        }
    }

    private func restoreClient(_ key: UInt64, _ socket: consuming OwnedFD) {
        guard key & Worker.clientBit != 0 else {
            // Of a vNode that is gone.
            try? link.send(.release([key]))
            return
        }
        next += 1
        wasAsked = true
        guard (try? epoll.add(socket.raw, key: next)) != nil else { return }
        clients[next] = Client(key & ~Worker.clientBit, socket)
    }

    private func answer(_ client: Client, _ key: UInt64) {
        do throws(ControlError) {
            if try !service.answer(client) { return drop(key) }
            if client.isWaiting { epoll.remove(client.channel.socket.raw) }
        } catch {
            // What cannot be understood or answered ends the connection, not the daemon.
            log.warning("control connection: \(error.message)")
            drop(key)
        }
    }

    private func drop(_ key: UInt64) {
        guard let client = clients.removeValue(forKey: key) else { return }
        epoll.remove(client.channel.socket.raw)
        service.disconnected(client)
        try? link.send(.release([Worker.clientBit | client.serial]))
    }

    // MARK: Ends

    /// The pidfd of `vnode-init` becomes readable when it ends.
    private func watchEnd(of vnode: VNode) -> Bool {
        next += 1
        guard let descriptors = vnode.descriptors, (try? epoll.add(descriptors.pidfd.raw, key: next)) != nil else { return false }
        endings[next] = vnode.record.name
        endingOf[vnode.record.name] = next
        return true
    }

    /// Closing it would not do: the launcher has the same open file.
    private func unwatchEnd(of vnode: VNode) {
        if let descriptors = vnode.descriptors { epoll.remove(descriptors.pidfd.raw) }
        if let key = endingOf.removeValue(forKey: vnode.record.name) { endings[key] = nil }
    }

    private func vnodeEnded(_ key: UInt64) {
        if let name = endings[key] { service.end(name) }
    }
}
