import CLinux
import Glibc
public import SystemPackage

/// Sockets that carry bytes (SOCK_STREAM), unix or on the node's loopback. All close-on-exec.
public enum Streams {
    public static func unix() throws(Errno) -> OwnedFD {
        OwnedFD(taking: try check(socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)))
    }

    /// Listens on 127.0.0.0/8 (4 bytes) or ::1 (16); EADDRNOTAVAIL for any other address. Port 0: one that is free.
    public static func listen(loopback address: [UInt8], port: UInt16) throws(Errno) -> OwnedFD {
        guard isLoopback(address) else { throw .addressNotAvailable }
        let family = address.count == 4 ? AF_INET : AF_INET6
        let made = OwnedFD(taking: try check(socket(family, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)))
        var yes: CInt = 1
        _ = try check(unsafe setsockopt(made.raw, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<CInt>.size)))
        if family == AF_INET {
            var name = sockaddr_in()
            name.sin_family = sa_family_t(AF_INET)
            name.sin_port = port.bigEndian
            unsafe withUnsafeMutableBytes(of: &name.sin_addr) { unsafe $0.copyBytes(from: address) }
            try bind(made, &name)
        } else {
            var name = sockaddr_in6()
            name.sin6_family = sa_family_t(AF_INET6)
            name.sin6_port = port.bigEndian
            unsafe withUnsafeMutableBytes(of: &name.sin6_addr) { unsafe $0.copyBytes(from: address) }
            try bind(made, &name)
        }
        _ = try check(Glibc.listen(made.raw, 128))
        return made
    }

    public static func isLoopback(_ address: [UInt8]) -> Bool {
        address.count == 4 ? address[0] == 127 : address == [UInt8](repeating: 0, count: 15) + [1]
    }

    /// The bytes of an IPv4 (4) or IPv6 address (16) in its usual spelling; nil for what is none, names included.
    public static func address(_ text: String) -> [UInt8]? {
        guard !text.utf8.contains(0) else { return nil }
        var bytes = [UInt8](repeating: 0, count: 16)
        let family = text.utf8.contains(0x3a) ? AF_INET6 : AF_INET
        guard unsafe bytes.withUnsafeMutableBytes({ unsafe inet_pton(family, text, $0.baseAddress) }) == 1 else { return nil }
        return Array(bytes.prefix(family == AF_INET6 ? 16 : 4))
    }

    /// From now on reading, writing and accepting fail with EAGAIN instead of waiting.
    public static func setNonBlocking(_ descriptor: borrowing OwnedFD) throws(Errno) {
        let flags = try check(clinux_fcntl(descriptor.raw, F_GETFL, 0))
        _ = try check(clinux_fcntl(descriptor.raw, F_SETFL, Int(flags | O_NONBLOCK)))
    }

    /// The next bytes, at most `most`; none when the other side has sent its last.
    public static func read(_ socket: borrowing OwnedFD, most: Int) throws(Errno) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: most)
        let raw = socket.raw
        let size = try check(unsafe bytes.withUnsafeMutableBytes { unsafe recv(raw, $0.baseAddress, $0.count, 0) })
        return Array(bytes.prefix(size))
    }

    /// Sends what of `bytes` from `offset` on fits now, at most `most`, and answers how much. EPIPE is an error, no signal.
    public static func write(_ bytes: [UInt8], from offset: Int, most: Int, to socket: borrowing OwnedFD) throws(Errno) -> Int {
        guard offset >= 0, offset < bytes.count else { return 0 }
        let raw = socket.raw
        let count = min(most, bytes.count - offset)
        return try check(
            unsafe bytes.withUnsafeBytes { unsafe send(raw, $0.baseAddress?.advanced(by: offset), count, CInt(MSG_NOSIGNAL)) })
    }

    /// Tells the other side that nothing more comes.
    public static func endWriting(_ socket: borrowing OwnedFD) { _ = shutdown(socket.raw, CInt(SHUT_WR)) }

    private static func bind<Name>(_ socket: borrowing OwnedFD, _ name: inout Name) throws(Errno) {
        let raw = socket.raw
        _ = try check(
            unsafe withUnsafePointer(to: &name) {
                unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe Glibc.bind(raw, $0, socklen_t(MemoryLayout<Name>.size))
                }
            })
    }
}
