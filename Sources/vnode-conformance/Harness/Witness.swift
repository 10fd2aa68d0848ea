import Glibc
import Linux
import SystemPackage

/// An abstract socket of the node's: whoever reads its name in a `/proc/net/unix` looks at the node's network.
final class Witness: Sendable {
    private let socket: OwnedFD

    init(_ name: String) throws(Errno) {
        socket = OwnedFD(taking: try check(Glibc.socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)))
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = [0] + Array(name.utf8)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { path in
            for (index, byte) in bytes.enumerated() where index < path.count { unsafe path[index] = byte }
        }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
        _ = try check(
            unsafe withUnsafePointer(to: &address) {
                unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(socket.raw, $0, length) }
            })
    }
}
