import CLinux
import Glibc
public import SystemPackage

/// Unix sockets that carry whole messages (SOCK_SEQPACKET) and descriptors (SCM_RIGHTS).
public enum Sockets {
    public struct Peer: Sendable {
        public let pid: Int32
        public let uid: UInt32
    }

    public struct SocketPair: ~Copyable {
        public var first: OwnedFD
        public var second: OwnedFD
    }

    public static func seqPacket() throws(Errno) -> OwnedFD {
        OwnedFD(taking: try check(socket(AF_UNIX, CInt(SOCK_SEQPACKET.rawValue | SOCK_CLOEXEC.rawValue), 0)))
    }

    /// A byte stream instead of messages.
    public static func stream() throws(Errno) -> OwnedFD {
        OwnedFD(taking: try check(socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)))
    }

    public static func datagram() throws(Errno) -> OwnedFD {
        OwnedFD(taking: try check(socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)))
    }

    /// Two connected sockets.
    public static func seqPacketPair() throws(Errno) -> SocketPair {
        var ends: [CInt] = [-1, -1]
        let type = CInt(SOCK_SEQPACKET.rawValue | SOCK_CLOEXEC.rawValue)
        _ = try check(unsafe ends.withUnsafeMutableBufferPointer { unsafe socketpair(AF_UNIX, type, 0, $0.baseAddress) })
        return SocketPair(first: OwnedFD(taking: ends[0]), second: OwnedFD(taking: ends[1]))
    }

    public static func connect(_ socket: borrowing OwnedFD, to path: String) throws(Errno) {
        var address = try unixAddress(path)
        let raw = socket.raw
        _ = try check(
            unsafe withUnsafePointer(to: &address) {
                unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe Glibc.connect(raw, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            })
    }

    /// Binds with mode 0600 from the first moment on and listens.
    public static func listen(_ socket: borrowing OwnedFD, at path: String) throws(Errno) {
        try bind(socket, to: path)
        _ = try check(Glibc.listen(socket.raw, 128))
    }

    /// Binds with mode 0600 from the first moment on.
    public static func bind(_ socket: borrowing OwnedFD, to path: String) throws(Errno) {
        var address = try unixAddress(path)
        let raw = socket.raw
        let mask = umask(0o177)
        defer { umask(mask) }
        _ = try check(
            unsafe withUnsafePointer(to: &address) {
                unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe Glibc.bind(raw, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            })
    }

    public static func accept(on socket: borrowing OwnedFD) throws(Errno) -> OwnedFD {
        OwnedFD(taking: try check(clinux_accept(socket.raw)))
    }

    /// Who connected (SO_PEERCRED).
    public static func peer(of socket: borrowing OwnedFD) throws(Errno) -> Peer {
        var pid: pid_t = 0
        var uid: uid_t = 0
        var gid: gid_t = 0
        _ = try check(unsafe clinux_peer(socket.raw, &pid, &uid, &gid))
        return Peer(pid: pid, uid: uid)
    }

    /// Sending and receiving fail with EAGAIN after so many seconds: nobody waits for a stuck peer for ever.
    public static func setTimeouts(_ socket: borrowing OwnedFD, seconds: Int) throws(Errno) {
        var time = timeval(tv_sec: seconds, tv_usec: 0)
        for option in [SO_SNDTIMEO, SO_RCVTIMEO] {
            _ = try check(unsafe setsockopt(socket.raw, SOL_SOCKET, option, &time, socklen_t(MemoryLayout<timeval>.size)))
        }
    }

    public static func send(_ bytes: [UInt8], descriptors: [CInt] = [], on socket: borrowing OwnedFD) throws(Errno) {
        let raw = socket.raw
        _ = try check(
            unsafe bytes.withUnsafeBytes { bytes in
                unsafe descriptors.withUnsafeBufferPointer {
                    unsafe clinux_send(raw, bytes.baseAddress, bytes.count, $0.baseAddress, CInt($0.count))
                }
            })
    }

    /// Sends one datagram to a path, or to the abstract address `@name`.
    public static func send(_ bytes: [UInt8], descriptors: [CInt], on socket: borrowing OwnedFD, to path: String) throws(Errno) {
        let isAbstract = path.utf8.first == 0x40
        var address = try unixAddress(path)
        if isAbstract { address.sun_path.0 = 0 }
        let length = MemoryLayout<sa_family_t>.size + path.utf8.count + (isAbstract ? 0 : 1)
        let raw = socket.raw
        _ = try check(
            unsafe bytes.withUnsafeBytes { bytes in
                unsafe descriptors.withUnsafeBufferPointer { descriptors in
                    unsafe withUnsafeBytes(of: &address) {
                        unsafe clinux_send_to(
                            raw, bytes.baseAddress, bytes.count, descriptors.baseAddress, CInt(descriptors.count), $0.baseAddress, length)
                    }
                }
            })
    }

    /// One message, empty when the other side has closed. EMSGSIZE for one longer than `longest` or with too many
    /// descriptors: nothing of it is kept. Peeking leaves it there, and gives descriptors of its own. EAGAIN when not waiting.
    public static func receive(
        longest: Int, descriptors most: Int = 16, peeking: Bool = false, waiting: Bool = true, on socket: borrowing OwnedFD
    ) throws(Errno) -> ([UInt8], [CInt]) {
        var bytes = [UInt8](repeating: 0, count: longest)
        var descriptors = [CInt](repeating: -1, count: most)
        var count = CInt(descriptors.count)
        let flags = (peeking ? CInt(MSG_PEEK) : 0) | (waiting ? 0 : CInt(MSG_DONTWAIT))
        let raw = socket.raw
        let size = try check(
            unsafe bytes.withUnsafeMutableBytes { bytes in
                unsafe descriptors.withUnsafeMutableBufferPointer {
                    unsafe clinux_receive(raw, bytes.baseAddress, bytes.count, $0.baseAddress, &count, flags)
                }
            })
        return (Array(bytes.prefix(size)), Array(descriptors.prefix(Int(count))))
    }

    private static func unixAddress(_ path: String) throws(Errno) -> sockaddr_un {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        let room = MemoryLayout.size(ofValue: address.sun_path)
        guard bytes.count < room, !bytes.contains(0) else { throw .fileNameTooLong }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
        return address
    }
}
