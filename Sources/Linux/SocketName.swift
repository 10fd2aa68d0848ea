import Glibc

/// What a socket is bound to (getsockname(2)).
public enum SocketName: Sendable, Equatable {
    case unix(path: String)
    /// An IPv4 (4 bytes) or IPv6 address (16).
    case internet(address: [UInt8], port: UInt16)

    /// nil for one that is not bound, or to something else.
    public init?(of descriptor: CInt) {
        var name = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let status = unsafe withUnsafeMutablePointer(to: &name) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe getsockname(descriptor, $0, &length) }
        }
        guard status == 0 else { return nil }
        let bytes = unsafe withUnsafeBytes(of: &name) { unsafe Array($0.prefix(Int(length))) }
        switch CInt(name.ss_family) {
        case AF_UNIX where bytes.count > 2:
            let path = bytes.dropFirst(2).prefix { $0 != 0 }
            guard !path.isEmpty, let text = String(validating: path, as: UTF8.self) else { return nil }
            self = .unix(path: text)
        // Family and port are two bytes each; of IPv6, a flow of four stands before the address.
        case AF_INET where bytes.count >= 8: self = .internet(address: Array(bytes[4..<8]), port: SocketName.port(bytes))
        case AF_INET6 where bytes.count >= 24: self = .internet(address: Array(bytes[8..<24]), port: SocketName.port(bytes))
        default: return nil
        }
    }

    private static func port(_ bytes: [UInt8]) -> UInt16 { UInt16(bytes[2]) << 8 | UInt16(bytes[3]) }
}
