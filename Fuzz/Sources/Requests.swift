import Control
import FuseKit
import Glibc
import Readings
import SystemPackage
import Takeover
import Tree

@testable import ViewServer

/// FUSE requests to the real file system over a captured node: one reply each, well formed, no longer than asked.
///
/// An input is a byte for role and node, then requests: opcode, node, length and bytes of the body. The length of a request is right and
/// its connection is initialised, as the kernel does it; everything else is the fuzzer's.
enum Requests {
    private static let nodes = [
        Captured("composed", cgroup: "nested-limits/l1/l2/l3/l4/l5", top: "nested-limits"),
        Captured("vm-6.12-32cpu-2numa", cgroup: "vnode-fixture/work", top: "vnode-fixture"),
    ]

    static func prepare() { Wire.silence() }

    static func run(_ bytes: [UInt8]) {
        var input = Input(bytes)
        let first = Int(input.byte())
        let roles: [ViewFileSystem.Role] = [.static, .live, .whole]
        let session = need("session") { try Session(nodes[first / 3 % nodes.count], roles[first % 3]) }
        session.initialise()
        while !input.isEmpty { session.step(&input) }
        session.end()
    }
}

/// A node of the fixtures at a moment that does not pass.
private struct Captured: Sendable {
    let node: NodeReadings
    let cgroup: String
    let top: String

    init(_ fixture: String, cgroup: String, top: String) {
        let root = Fixtures.path + "/" + fixture
        node = need(fixture) {
            try NodeReadings(
                root: root, cgroupRoot: root + "/cgroup",
                clocks: Clocks(boot: { 1_000_000_000_000 }, real: { 1_700_000_000_500_000_000 }))
        }
        self.cgroup = root + "/cgroup/" + cgroup
        self.top = root + "/cgroup/" + top
    }
}

private enum Opcode {
    static let lookup: UInt32 = 1
    static let forget: UInt32 = 2
    static let getattr: UInt32 = 3
    static let open: UInt32 = 14
    static let read: UInt32 = 15
    static let initialise: UInt32 = 26
    static let write: UInt32 = 16
    static let readdir: UInt32 = 28
    static let statfs: UInt32 = 17
    static let interrupt: UInt32 = 36
    /// Answers a question we never ask; libfuse forgets to free it.
    static let notifyReply: UInt32 = 41
    static let batchForget: UInt32 = 42
    /// Not FUSE's: what the control thread does meanwhile.
    static let addView: UInt32 = 0xf0
    static let removeView: UInt32 = 0xf1

    static let withoutReply: Set<UInt32> = [forget, interrupt, batchForget]
}

private final class Session {
    /// One for all inputs.
    static let vault = need("vault") { Vault(try SharedMemory()) }

    private let captured: Captured
    private let vnode: VNode
    private let wire: Wire
    private var unique: UInt64 = 0
    /// Their first word may be answered later, with EAGAIN.
    private var interrupts: Set<UInt64> = []
    private var found: UInt64 = 1
    private let entries = UInt64(Catalog.standard.entries.count)

    init(_ captured: Captured, _ role: ViewFileSystem.Role) throws {
        self.captured = captured
        let record = VNodeRecord(
            name: "box", uidBase: 65536, startedAt: 989_750_000_000, hostname: "box", bootID: "b", cgroup: captured.top, initPID: 1)
        vnode = try VNode(
            record: record, records: Records(vault: Session.vault, owner: Session.vault.memory.nextSerial()), node: captured.node,
            catalog: .standard)
        let slot = InvalidationSlot()
        wire = try Wire(ViewFileSystem(role: role, vnode: vnode, invalidate: slot, generation: 1), memory: Session.vault.memory)
        slot.connection = wire.connection
        for cgroup in [captured.cgroup, captured.top] { _ = try vnode.add(ViewRecord(name: "v", cgroup: cgroup)) }
    }

    func initialise() {
        var body: [UInt8] = []
        for word: UInt32 in [7, 41, 131_072, 0x73ff_fffb, 0] { body.append(number: word) }
        body += [UInt8](repeating: 0, count: 44)
        send(Opcode.initialise, node: 0, body)
    }

    func step(_ input: inout Input) {
        let opcode = UInt32(input.byte())
        let node = node(&input)
        var length = Int(input.byte())
        if length == 0xff { length = Int(input.number(bytes: 2)) }
        let body = input.take(min(length, Wire.longest - 40))
        switch opcode {
        case Opcode.addView: _ = try? vnode.add(ViewRecord(name: "w", cgroup: captured.cgroup))
        case Opcode.removeView: _ = vnode.removeView(body.first.map(Int.init) ?? 1)
        case Opcode.notifyReply: break
        default: send(opcode, node: node, body)
        }
    }

    /// libfuse keeps an interrupt that came too late until the next request, and a session's last ones for ever.
    func end() {
        for _ in interrupts { send(Opcode.statfs, node: NodeID.root, []) }
        Session.vault.remove(owner: vnode.records.owner)
        demand(Session.vault.used == 0, "records are left")
    }

    /// Mostly a node there is.
    private func node(_ input: inout Input) -> UInt64 {
        let kind = input.byte()
        switch kind {
        case 0: return NodeID.root
        case 1: return input.number(bytes: 8)
        case 2: return found
        default:
            let entry = input.number(bytes: 2) % entries
            return UInt64(1 + kind % 3) << 40 | entry << 28 | UInt64(kind / 3 % 4)
        }
    }

    private func send(_ opcode: UInt32, node: UInt64, _ body: [UInt8]) {
        unique += 2
        var request: [UInt8] = []
        request.append(number: UInt32(40 + body.count))
        request.append(number: opcode)
        request.append(number: unique)
        request.append(number: node)
        for word: UInt32 in [65536, 65536, 1, 0] { request.append(number: word) }
        let written = wire.exchange(request + body)
        if opcode == Opcode.interrupt { interrupts.insert(unique) }
        var replies = 0
        for message in written {
            demand(message.count >= 16, "\(message.count) bytes for opcode \(opcode)")
            demand(Int(message.number(at: 0, UInt32.self)) == message.count, "opcode \(opcode): a length that is not the reply's")
            let error = message.number(at: 4, Int32.self)
            switch message.number(at: 8, UInt64.self) {
            case 0: demand((1...6).contains(error), "notification \(error)")
            case unique:
                replies += 1
                // The kernel takes no other, and the caller would wait for ever.
                demand(error <= 0 && error > -512, "opcode \(opcode): error \(error)")
                demand(error == 0 || message.count == 16, "opcode \(opcode): error \(error) with \(message.count) bytes")
                if error == 0 { look(at: message, opcode, node, body) }
            case let other:
                demand(interrupts.remove(other) != nil && error == -EAGAIN && message.count == 16, "a reply to \(other), error \(error)")
            }
        }
        demand(replies == (Opcode.withoutReply.contains(opcode) ? 0 : 1), "opcode \(opcode): \(replies) replies")
    }

    private func look(at reply: [UInt8], _ opcode: UInt32, _ node: UInt64, _ body: [UInt8]) {
        // What a short body leaves out is 0 in the buffer.
        let asked = Int((body + [UInt8](repeating: 0, count: 24)).number(at: 16, UInt32.self))
        switch opcode {
        // Kernels before protocol 7.5 are told version numbers only.
        case Opcode.initialise:
            demand(reply.count >= 16 + (body.count >= 8 && body.number(at: 4, UInt32.self) < 5 ? 8 : 24), "INIT: \(reply.count) bytes")
        case Opcode.lookup:
            demand(reply.count == 16 + 128, "LOOKUP: \(reply.count) bytes")
            found = reply.number(at: 16)
            demand(NodeID(found, entries: Int(entries)) != nil, "LOOKUP: node \(found)")
            attributes(reply, at: 56)
        case Opcode.getattr:
            demand(reply.count == 16 + 104, "GETATTR: \(reply.count) bytes")
            attributes(reply, at: 32)
        case Opcode.open: demand(reply.count == 32, "OPEN: \(reply.count) bytes")
        case Opcode.read:
            demand(reply.count - 16 <= asked, "READ: \(reply.count - 16) bytes of \(asked)")
            let row = NodeID(node, entries: Int(entries)).flatMap { Catalog.standard[$0.place].row }
            demand(row?.render != nil && row?.policy != .deny, "READ of what has no content: node \(node)")
        case Opcode.write:
            demand(reply.count == 16 + 8, "WRITE: \(reply.count) bytes")
            demand(reply.number(at: 16, UInt32.self) <= asked, "WRITE: more than \(asked) taken")
            let row = NodeID(node, entries: Int(entries)).flatMap { Catalog.standard[$0.place].row }
            demand(row?.writing != nil, "WRITE to what cannot be written: node \(node)")
        case Opcode.readdir:
            demand(reply.count - 16 <= asked, "READDIR: \(reply.count - 16) bytes of \(asked)")
            directory(reply)
        default: break
        }
    }

    private func attributes(_ reply: [UInt8], at offset: Int) {
        demand(reply.number(at: offset, UInt64.self) != 0, "inode 0")
        for place in [48, 52, 56] { demand(reply.number(at: offset + place, UInt32.self) < 1_000_000_000, "nanoseconds") }
        let kind = reply.number(at: offset + 60, UInt32.self) & S_IFMT
        demand([S_IFREG, S_IFDIR, S_IFLNK].contains(kind), "kind \(kind)")
        let mode = reply.number(at: offset + 60, UInt32.self) & 0o777
        demand([0, 0o200, 0o400, 0o444, 0o500, 0o555, 0o600, 0o644, 0o666, 0o755, 0o777].contains(mode), "mode \(mode)")
    }

    private func directory(_ reply: [UInt8]) {
        var at = 16
        while at < reply.count {
            let length = Int(reply.number(at: at + 16, UInt32.self))
            let end = at + (24 + length + 7) / 8 * 8
            demand(length > 0 && length < 256 && end <= reply.count, "READDIR: a name of \(length) bytes")
            demand(!reply[(at + 24)..<(at + 24 + length)].contains { $0 == 0 || $0 == 0x2f }, "READDIR: a name that is not one")
            at = end
        }
    }
}
