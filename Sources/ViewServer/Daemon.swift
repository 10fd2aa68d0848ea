import Control
import Glibc
import Linux
public import Logging
import Readings
import SystemPackage
import Tree

/// The node daemon: one thread for control, a fixed number for requests.
public final class Daemon {
    public struct Options: Sendable {
        public var socket: String
        public var state: String
        public var workers: Int
        /// Ends by itself once nobody is connected and no vNode is left.
        public var isPrivate: Bool

        public init(socket: String, state: String, workers: Int, isPrivate: Bool) {
            self.socket = socket
            self.state = state
            self.workers = workers
            self.isPrivate = isPrivate
        }
    }

    private enum Key {
        static let listener: UInt64 = 1
        static let signals: UInt64 = 2
        static let timer: UInt64 = 3
        static let limits: UInt64 = 4
        static let first: UInt64 = 16
    }

    private let options: Options
    private let log: Logger
    private let epoll: Epoll
    private let signals: OwnedFD
    private let listener: OwnedFD
    private let lock: OwnedFD
    private let timer: OwnedFD
    private let service: ControlService
    private var clients: [UInt64: Client] = [:]
    private var next = Key.first
    private var endings: [UInt64: String] = [:]
    private var wasAsked = false
    private var isListening = true

    /// Takes the state directory and the socket. Must run before any other thread exists: signals are blocked here.
    public init(_ options: Options, log: Logger) throws {
        self.options = options
        self.log = log
        epoll = try Epoll()
        signals = try Events.signals([SIGTERM, SIGINT, SIGHUP])
        lock = try StateDirectory.take(options.state)
        listener = try ControlSocket.listen(at: options.socket)
        timer = try Events.timer()
        service = try ControlService(registry: Registry(node: NodeReadings(), workers: options.workers, log: log), log: log)
        try epoll.add(signals.raw, key: Key.signals)
        try epoll.add(listener.raw, key: Key.listener)
        try epoll.add(timer.raw, key: Key.timer)
        try epoll.add(service.limits.inotify.raw, key: Key.limits)
        try Events.setTimer(timer, seconds: 5)
        service.willServe = { [unowned self] in watchEnd(of: $0) }
        service.willForget = { [unowned self] in unwatchEnd(of: $0) }
    }

    /// Serves until SIGTERM, SIGINT or, if private, until nobody needs it any more. `ready` is told when it listens.
    public func run(ready: () -> Void) {
        log.info("serving", metadata: ["socket": "\(options.socket)", "workers": "\(options.workers)"])
        ready()
        while !isDone {
            guard let key = epoll.wait() else { continue }
            switch key {
            case Key.listener: accept()
            case Key.signals:
                while let signal = Events.nextSignal(signals) {
                    log.info("ending", metadata: ["signal": "\(signal)", "vnodes": "\(service.registry.vnodes.count)"])
                    _ = unsafe unlink(options.socket)
                    return
                }
            case Key.timer:
                Events.drain(timer)
                if !isListening { isListening = (try? epoll.add(listener.raw, key: Key.listener)) != nil }
                service.registry.sampleLoads()
                service.registry.refreshCPUsIfNodeChanged()
                // Nobody came: whoever started a private daemon is gone.
                wasAsked = wasAsked || options.isPrivate
            case Key.limits:
                service.registry.refreshCPUs(of: service.limits.changed().map { ($0.vnode, $0.view) })
            default:
                if let client = clients[key] { answer(client, key) } else { vnodeEnded(key) }
            }
        }
        _ = unsafe unlink(options.socket)
        log.info("ending: nothing left to serve")
    }

    private var isDone: Bool { options.isPrivate && wasAsked && clients.isEmpty && service.registry.isEmpty }

    private func accept() {
        do {
            let socket = try Sockets.accept(on: listener)
            let peer = try Sockets.peer(of: socket)
            guard peer.uid == geteuid() || peer.uid == 0 else {
                log.warning("control connection refused", metadata: ["uid": "\(peer.uid)", "pid": "\(peer.pid)"])
                return
            }
            try Sockets.setTimeouts(socket, seconds: 2)
            next += 1
            try epoll.add(socket.raw, key: next)
            clients[next] = Client(socket)
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

    private func answer(_ client: Client, _ key: UInt64) {
        do throws(ControlError) {
            guard let (request, descriptors) = try client.channel.receive(Request.self) else { return drop(key) }
            try service.answer(request, Received(descriptors), of: client)
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
    }

    /// The pidfd of `vnode-init` becomes readable when it ends.
    private func watchEnd(of vnode: VNode) -> Bool {
        next += 1
        guard let descriptors = vnode.descriptors, (try? epoll.add(descriptors.pidfd.raw, key: next)) != nil else { return false }
        endings[next] = vnode.record.name
        return true
    }

    /// Closing it would not do: the launcher has the same open file.
    private func unwatchEnd(of vnode: VNode) {
        if let descriptors = vnode.descriptors { epoll.remove(descriptors.pidfd.raw) }
        endings = endings.filter { $0.value != vnode.record.name }
    }

    private func vnodeEnded(_ key: UInt64) {
        if let name = endings[key] { service.end(name) }
    }
}
