import Glibc
public import Linux
public import SystemPackage

/// Answers `GET /metrics` at one address. For one thread, which waits for `descriptor` along with what else it waits for.
public final class MetricsEndpoint {
    /// Connections answered at once; further ones wait in the socket's queue.
    public static let mostConnections = 16

    private enum Key {
        static let listener: UInt64 = 1
        static let timer: UInt64 = 2
        static let first: UInt64 = 16
    }

    private let listener: OwnedFD
    private let epoll: Epoll
    private let timer: OwnedFD
    private var exchanges: [UInt64: (exchange: Exchange, isWriting: Bool)] = [:]
    private var next = Key.first
    private var isListening = false
    private var isTicking = false
    /// Rendered at most once a second: who asks without end does not keep the daemon's one thread busy, and those who ask
    /// together share it.
    private var last: (bytes: [UInt8], at: Int64)?

    /// Answers at a socket that listens (`MetricsAddress.listen`).
    public init(_ listener: consuming OwnedFD) throws(Errno) {
        epoll = try Epoll()
        timer = try Events.timer()
        try epoll.add(timer.raw, key: Key.timer)
        try epoll.add(listener.raw, key: Key.listener)
        self.listener = listener
        isListening = true
    }

    /// Readable when `handle` has something to do; to be added to an epoll.
    public var descriptor: CInt { epoll.raw }

    /// Does what can be done without waiting, for a bounded number of events. `report` gives the answer to a scrape.
    public func handle(report: () -> [UInt8]) {
        for _ in 0..<(2 * MetricsEndpoint.mostConnections) {
            guard let key = epoll.wait(milliseconds: 0) else { break }
            switch key {
            case Key.listener: accept(report)
            case Key.timer: tick()
            default: step(key, report)
            }
        }
    }

    private func accept(_ report: () -> [UInt8]) {
        do throws(Errno) {
            let exchange = try Exchange(try Sockets.accept(on: listener))
            next += 1
            try epoll.add(exchange.socket.raw, key: next)
            exchanges[next] = (exchange, false)
            setTicking(true)
            if exchanges.count >= MetricsEndpoint.mostConnections { setListening(false) }
            step(next, report)
        } catch {
            // Out of descriptors, the listener stays readable: not to be asked again before the next tick.
            guard error == .tooManyOpenFiles || error == .tooManyOpenFilesInSystem else { return }
            setListening(false)
            setTicking(true)
        }
    }

    private func step(_ key: UInt64, _ report: () -> [UInt8]) {
        guard let (exchange, isWriting) = exchanges[key] else { return }
        switch exchange.step(report: { rendered(report) }) {
        case .done: end(key)
        case .wantsRead: wait(key, exchange, forWriting: false, before: isWriting)
        case .wantsWrite: wait(key, exchange, forWriting: true, before: isWriting)
        }
    }

    private func wait(_ key: UInt64, _ exchange: Exchange, forWriting isWriting: Bool, before: Bool) {
        guard isWriting != before else { return }
        exchanges[key] = (exchange, isWriting)
        if (try? epoll.setWriting(isWriting, exchange.socket.raw, key: key)) == nil { end(key) }
    }

    /// Closing the socket takes it out of the epoll.
    private func end(_ key: UInt64) {
        exchanges[key] = nil
        setListening(true)
    }

    private func rendered(_ report: () -> [UInt8]) -> [UInt8] {
        let now = Clock.monotonic
        if let last, now - last.at < 1_000_000_000 { return last.bytes }
        let bytes = report()
        last = (bytes, now)
        return bytes
    }

    private func tick() {
        Events.drain(timer)
        let now = Clock.monotonic
        for (key, value) in exchanges where value.exchange.isOverdue(now: now) { end(key) }
        if let last, now - last.at >= 1_000_000_000 { self.last = nil }
        if exchanges.count < MetricsEndpoint.mostConnections { setListening(true) }
        if exchanges.isEmpty, last == nil, isListening { setTicking(false) }
    }

    private func setListening(_ wanted: Bool) {
        guard wanted != isListening else { return }
        if wanted {
            isListening = (try? epoll.add(listener.raw, key: Key.listener)) != nil
        } else {
            epoll.remove(listener.raw)
            isListening = false
        }
    }

    private func setTicking(_ wanted: Bool) {
        guard wanted != isTicking else { return }
        isTicking = (try? Events.setTimer(timer, milliseconds: wanted ? 1000 : 0)) != nil ? wanted : isTicking
    }
}
