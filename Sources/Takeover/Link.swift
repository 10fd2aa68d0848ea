import Glibc
public import Linux
public import SystemPackage

/// A descriptor the supervisor keeps for its workers.
public struct HeldKey: Hashable, Sendable {
    public let raw: UInt64
    public init(_ raw: UInt64) { self.raw = raw }

    public static let memory = HeldKey(1)
    public static let listener = HeldKey(2)
    public static let metrics = HeldKey(3)
    /// From here on keys are the workers' to give.
    public static let first: UInt64 = 128
}

/// How the workers before this one ended.
public struct History: Sendable, Equatable {
    /// Workers started, this one included.
    public var generation: UInt64 = 1
    /// Signal the last one died of; 0: it ended or was replaced in an upgrade, or there was none.
    public var signal: Int32 = 0
    /// How many died of a kill, of a trap or other signal, ended by themselves, were replaced.
    public var kills: UInt64 = 0
    public var traps: UInt64 = 0
    public var exits: UInt64 = 0
    public var upgrades: UInt64 = 0
    /// Connections the supervisor has aborted.
    public var aborts: UInt64 = 0
    /// The control connection that asked for the upgrade this worker is the result of; 0: none.
    public var upgradedFor: UInt64 = 0
    public var supervisor: Int32 = 0

    public init() {}
}

/// What supervisor and worker tell each other, one message each over a SOCK_SEQPACKET pair.
public enum LinkMessage: Sendable, Equatable {
    // Worker to supervisor.
    /// First message: the version of shared memory and link the program knows, and its release.
    case hello(version: UInt64, release: String)
    /// Keep the descriptors that come with this; for a /dev/fuse its connection's number in fusectl, else 0.
    case hold([UInt64], connections: [UInt64])
    case release([UInt64])
    /// It serves.
    case ready
    /// Replace me by the program that comes with this.
    case upgrade(client: UInt64)
    /// There is nothing left to serve.
    case finished
    // Supervisor to worker.
    /// First message: what went before.
    case start(History)
    /// Descriptors held, which come with this.
    case held([UInt64])
    /// All have been sent.
    case go
    /// Why there is no upgrade.
    case refused(client: UInt64, reason: String)

    static let mostDescriptors = 128
    static let longest = 8192

    var bytes: [UInt8] {
        var out = Packer()
        switch self {
        case .hello(let version, let release):
            out.add(UInt64(10))
            out.add(version)
            out.add(release)
        case .hold(let keys, let connections):
            out.add(UInt64(1))
            out.add(UInt64(keys.count))
            out.add(keys)
            out.add(connections)
        case .release(let keys):
            out.add(UInt64(2))
            out.add(keys)
        case .ready: out.add(UInt64(3))
        case .upgrade(let client):
            out.add(UInt64(4))
            out.add(client)
        case .finished: out.add(UInt64(5))
        case .start(let history):
            out.add(UInt64(6))
            out.add(
                [
                    history.generation, UInt64(bitPattern: Int64(history.signal)), history.kills, history.traps, history.exits,
                    history.upgrades,
                    history.upgradedFor, UInt64(bitPattern: Int64(history.supervisor)), history.aborts,
                ])
        case .held(let keys):
            out.add(UInt64(7))
            out.add(keys)
        case .go: out.add(UInt64(8))
        case .refused(let client, let reason):
            out.add(UInt64(9))
            out.add(client)
            out.add(reason)
        }
        return out.bytes
    }

    init?(_ bytes: [UInt8]) {
        var from = Unpacker(bytes)
        switch from.number() {
        case 1:
            guard let count = from.number(), count <= UInt64(LinkMessage.mostDescriptors) else { return nil }
            let rest = from.numbers()
            guard rest.count == 2 * Int(count) else { return nil }
            self = .hold(Array(rest.prefix(Int(count))), connections: Array(rest.dropFirst(Int(count))))
        case 2: self = .release(from.numbers())
        case 3: self = .ready
        case 4:
            guard let client = from.number() else { return nil }
            self = .upgrade(client: client)
        case 5: self = .finished
        case 6:
            let numbers = from.numbers()
            guard numbers.count == 9 else { return nil }
            var history = History()
            history.generation = numbers[0]
            history.signal = Int32(truncatingIfNeeded: numbers[1])
            history.kills = numbers[2]
            history.traps = numbers[3]
            history.exits = numbers[4]
            history.upgrades = numbers[5]
            history.upgradedFor = numbers[6]
            history.supervisor = Int32(truncatingIfNeeded: numbers[7])
            history.aborts = numbers[8]
            self = .start(history)
        case 7: self = .held(from.numbers())
        case 8: self = .go
        case 9:
            guard let client = from.number(), let reason = from.text() else { return nil }
            self = .refused(client: client, reason: reason)
        case 10:
            guard let version = from.number(), let release = from.text() else { return nil }
            self = .hello(version: version, release: release)
        default: return nil
        }
    }
}

/// One end of the pair between supervisor and worker.
public final class Link: Sendable {
    public let socket: OwnedFD

    public init(_ socket: consuming OwnedFD) { self.socket = socket }

    public func send(_ message: LinkMessage, descriptors: [CInt] = []) throws(Errno) {
        while true {
            do throws(Errno) { return try Sockets.send(message.bytes, descriptors: descriptors, on: socket) } catch {
                if error != .interrupted { throw error }
            }
        }
    }

    /// The next message and its descriptors, which the caller owns; nil when the other side is gone.
    /// EAGAIN when not waiting and there is none; EPROTO for what is no message.
    public func receive(waiting: Bool) throws(Errno) -> (LinkMessage, [CInt])? {
        let (bytes, descriptors) = try Sockets.receive(
            longest: LinkMessage.longest, descriptors: LinkMessage.mostDescriptors, waiting: waiting, on: socket)
        if bytes.isEmpty, descriptors.isEmpty { return nil }
        guard let message = LinkMessage(bytes) else {
            for descriptor in descriptors { _ = close(descriptor) }
            throw Errno(rawValue: EPROTO)
        }
        return (message, descriptors)
    }
}
