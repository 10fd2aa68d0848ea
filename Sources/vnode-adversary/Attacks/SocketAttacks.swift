import CLinux
import Glibc
import Linux
import SystemPackage

private let subject = "sockets"

extension Attack {
    static let sockets: [Attack] = [
        Attack("abstract Unix sockets of others", subject, .namespace, [ECONNREFUSED], in: .container) { scene in
            var last = Refused(call: "connect", error: .connectionRefused)
            for name in ["node.token", "other.token"] {
                guard let token = scene.fact(name) else { continue }
                do {
                    try connect(to: Witness.abstractName(token))
                    return .breached("connected to \(name)")
                } catch let refused as Refused { last = refused }
            }
            throw last
        },
        Attack("the abstract sockets listed", subject, .namespace, in: .container) { scene in
            let table = Scene.text("/proc/net/unix") ?? ""
            let tokens = ["node.token", "other.token"].compactMap(scene.fact)
            return tokens.contains { table.contains($0) } ? .breached("in /proc/net/unix") : .contained("own sockets")
        },
        Attack("the control socket of vnode-fs", subject, .namespace, [ENOENT, ECONNREFUSED, EACCES, ENOTDIR], in: .container) { scene in
            let socket = try Sockets.seqPacket()
            do throws(Errno) { try Sockets.connect(socket, to: scene.fact("control") ?? "/run/vnode/vnode-fs.sock") } catch {
                throw Refused(call: "connect", error: error)
            }
            return .breached("connected")
        },
        Attack("kernel events of the node's devices", subject, .namespace, in: .container) { scene in
            // AF_NETLINK, SOCK_RAW, NETLINK_KOBJECT_UEVENT; group 1. What comes is in the network namespace it belongs to.
            let socket = try netlink(protocolNumber: 15, groups: 1)
            defer { close(socket) }
            try? Kernel.write("change", to: "/sys/class/mem/null/uevent")
            let isReady = (try? Poll.readable([socket], milliseconds: 300)) == [true]
            return isReady ? .breached("an event") : .contained("none")
        },
        Attack("events of processes by the connector", subject, .namespace, [EPERM, EPROTONOSUPPORT, ECONNREFUSED], in: .container) { _ in
            let socket = try netlink(protocolNumber: 11, groups: 1)
            defer { close(socket) }
            let isReady = (try? Poll.readable([socket], milliseconds: 200)) == [true]
            return isReady ? .breached("an event") : .contained("none")
        },
        Attack("records of the audit", subject, .permission, [EPERM, EPROTONOSUPPORT, ECONNREFUSED, EINVAL], in: .container) { _ in
            let socket = try netlink(protocolNumber: 9, groups: 1)
            close(socket)
            return .contained("a socket, no records without CAP_AUDIT_READ")
        },
        Attack("the machine's vsock address", subject, .namespace, [EAFNOSUPPORT, EPERM, EACCES], in: .container) { _ in
            // AF_VSOCK has no namespaces. The socket is made and closed, nobody is called.
            let socket = try Kernel.call(.socket, 40, 1, 0)
            close(CInt(socket))
            return .contained("a socket: not a namespace's, documented")
        },
        Attack("packets of the node's interfaces", subject, .namespace, [EPERM, EAFNOSUPPORT], in: .container) { scene in
            let socket = try Kernel.call(.socket, .number(Int(AF_PACKET)), 3, 0x300)
            defer { close(CInt(socket)) }
            let devices = (Scene.text("/proc/net/dev") ?? "").split(separator: "\n").dropFirst(2).compactMap {
                $0.split(separator: ":").first
            }
            let names = devices.map { $0.filter { $0 != " " } }
            let theirs = scene.fact("node.interfaces")?.split(separator: ",").map(String.init) ?? []
            let shared = names.filter { $0 != "lo" && theirs.contains($0) }
            return shared.isEmpty ? .contained("own interfaces: \(names.joined(separator: " "))") : .breached(shared.joined(separator: " "))
        },
        Attack("a service on the node's loopback", subject, .namespace, [ECONNREFUSED, ENETUNREACH], in: .container) { scene in
            guard let port = scene.fact("node.port").flatMap({ UInt16($0) }) else { return .unavailable("none known") }
            let socket = try Kernel.call(.socket, .number(Int(AF_INET)), 1, 0)
            let address: [UInt8] = [2, 0, UInt8(port >> 8), UInt8(port & 0xff), 127, 0, 0, 1] + [UInt8](repeating: 0, count: 8)
            try Kernel.call(.connect, .number(socket), .bytes(address), 16)
            return .breached("connected")
        },
    ]

    private static func connect(to name: String) throws {
        let socket = try Kernel.call(.socket, .number(Int(AF_UNIX)), 1, 0)
        let address: [UInt8] = [1, 0, 0] + Array(name.utf8)
        try Kernel.call(.connect, .number(socket), .bytes(address), .number(address.count))
    }

    private static func netlink(protocolNumber: Int, groups: UInt32) throws -> CInt {
        let socket = CInt(try Kernel.call(.socket, 16, 3, .number(protocolNumber)))
        // struct sockaddr_nl: family, padding, port 0, groups.
        let address: [UInt8] = [16, 0, 0, 0, 0, 0, 0, 0, UInt8(groups), 0, 0, 0]
        try Kernel.call(.bind, .number(Int(socket)), .bytes(address), 12)
        return socket
    }
}
