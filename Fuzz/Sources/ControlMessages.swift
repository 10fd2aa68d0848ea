import FoundationEssentials
import Glibc
import Linux
import Logging
import Readings
import SystemPackage
import Takeover

@testable import Control
@testable import ViewServer

/// Messages of the control socket: what is understood survives being sent on, and every request is answered with one last message.
///
/// A line of the input is one message of the same client; a digit before it is the number of descriptors that come with it.
enum ControlMessages {
    private static let root = Fixtures.path + "/composed"
    private static let registry = need("registry") {
        try Registry(
            node: try NodeReadings(root: root, cgroupRoot: root + "/cgroup"), workers: 1, vault: Vault(try SharedMemory()),
            log: Logger(label: "fuzz") { _ in SwiftLogNoOpLogHandler() })
    }

    /// One for all inputs: one for each halves the speed.
    private nonisolated(unsafe) static let service = need("service") {
        try ControlService(registry: registry, log: Logger(label: "fuzz") { _ in SwiftLogNoOpLogHandler() })
    }

    static func run(_ bytes: [UInt8]) {
        let service = unsafe service
        let pair = need("client") { try Pair() }
        let client = pair.client
        need("timeouts") { () throws(Errno) in
            try Sockets.setTimeouts(client.channel.socket, seconds: 2)
            try Sockets.setTimeouts(pair.launcher, seconds: 2)
        }
        for (number, line) in bytes.split(separator: 0x0a).enumerated() {
            roundTrip(Response.self, Array(line))
            let digits = line.prefix(1).filter { (0x30...0x39).contains($0) }
            let message = Array(place(line.dropFirst(digits.count)))
            guard message.count <= Channel.longest - 64, let request = roundTrip(Request.self, message) else { continue }
            let sent = descriptors(Int(digits.first ?? 0x30) - 0x30)
            ask(message, number, descriptors: sent, on: pair.launcher)
            for descriptor in sent { _ = close(descriptor) }
            do throws(ControlError) {
                demand(try service.answer(client), "a message that is none")
            } catch {
                // The daemon ends the connection of whom it cannot answer.
                break
            }
            answers(to: request, pair.launcher)
        }
        let other = need("client") { try Pair() }
        need("the list") {
            ask(Array(try JSONEncoder().encode(Request.list)), 1, on: other.launcher)
            demand(try service.answer(other.client), "no list")
        }
        answers(to: .list, other.launcher)
        for vnode in registry.vnodes {
            for view in vnode.all {
                for path in view.readings.watchedFiles { demand(path.hasPrefix(root + "/cgroup"), "a view of \(path)") }
            }
        }
        service.disconnected(client)
        for vnode in registry.vnodes {
            demand(!vnode.all.contains { $0.tiedTo == client.serial }, "a tied view is left")
            service.end(vnode.record.name)
        }
        demand(registry.isEmpty, "a vNode is left")
        demand(!registry.vault.found().contains { $0.owner != OwnRecord.owner }, "records are left")
    }

    /// `@` in a path is the cgroup root of the fixture, whose own path is too long to be guessed.
    private static func place(_ line: ArraySlice<UInt8>) -> [UInt8] {
        line.flatMap { $0 == 0x40 ? Array((root + "/cgroup").utf8) : [$0] }
    }

    private struct Pair: ~Copyable {
        let client: Client
        let launcher: OwnedFD

        init() throws(Errno) {
            var ends: [CInt] = [-1, -1]
            _ = try check(unsafe socketpair(AF_UNIX, CInt(SOCK_SEQPACKET.rawValue), 0, &ends))
            client = Client(7, OwnedFD(taking: ends[0]))
            launcher = OwnedFD(taking: ends[1])
        }
    }

    /// Sockets, as /dev/fuse needs a mount: what is served on them ends when they do.
    private static func descriptors(_ count: Int) -> [CInt] {
        (0..<count).map { _ in
            var ends: [CInt] = [-1, -1]
            _ = need("socketpair") { () throws(Errno) in try check(unsafe socketpair(AF_UNIX, CInt(SOCK_SEQPACKET.rawValue), 0, &ends)) }
            _ = close(ends[1])
            return ends[0]
        }
    }

    /// The request as it came, with a number.
    private static func ask(_ request: [UInt8], _ number: Int, descriptors: [CInt] = [], on launcher: borrowing OwnedFD) {
        let message = Array("{\"number\":\(number),\"request\":".utf8) + request + Array("}".utf8)
        need("sending") { () throws(Errno) in try Sockets.send(message, descriptors: descriptors, on: launcher) }
    }

    private static func answers(to request: Request, _ launcher: borrowing OwnedFD) {
        while true {
            let (bytes, descriptors) = need("an answer to \(request)") { try Sockets.receive(longest: Channel.longest, on: launcher) }
            for descriptor in descriptors { _ = close(descriptor) }
            let answer = need("an answer") { try JSONDecoder().decode(Answered.self, from: Data(bytes)) }
            switch answer.response {
            case .vnode:
                demand(request == .list, "a vNode nobody asked for")
                continue
            case .failed(_, let message): demand(request != .list, "no list: \(message)")
            case .done, .hello, .view, .upgraded: break
            }
            return
        }
    }
}
