import Glibc
public import Linux
import SystemPackage

/// What keeps metrics from being served or read, as a sentence for people.
public struct MetricsError: Error, CustomStringConvertible {
    public let description: String
    init(_ description: String) { self.description = description }
}

/// Where metrics are served: a unix socket, or a port of the node's loopback.
public struct MetricsAddress: Sendable, Equatable, CustomStringConvertible {
    enum Kind: Sendable, Equatable {
        case unix(path: String)
        case loopback(address: [UInt8], port: UInt16)
    }

    let kind: Kind
    /// As it was given.
    public let description: String

    /// `unix:/path`, `127.0.0.1:PORT` or `[::1]:PORT`. Anything that is not loopback is refused: who may read is not asked.
    public static func parse(_ text: String) throws(MetricsError) -> MetricsAddress {
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst(5))
            guard path.hasPrefix("/"), !path.hasSuffix("/") else {
                throw MetricsError("\(text): a unix socket needs an absolute path, such as unix:/run/vnode/metrics.sock")
            }
            guard path.utf8.count < 108, !path.utf8.contains(0) else {
                throw MetricsError("\(text): the path of a unix socket has at most 107 bytes")
            }
            return MetricsAddress(kind: .unix(path: path), description: text)
        }
        let forms = "give unix:/PATH, 127.0.0.1:PORT or [::1]:PORT"
        guard let colon = text.lastIndex(of: ":") else { throw MetricsError("\(text): \(forms)") }
        let digits = text[text.index(after: colon)...].utf8
        guard (1...5).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }),
            let port = UInt16(text[text.index(after: colon)...]), port > 0
        else { throw MetricsError("\(text): a port is a number from 1 to 65535: \(forms)") }
        let host = text[..<colon]
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]") && host.utf8.count > 2
        let address = Streams.address(String(isBracketed ? host.dropFirst().dropLast() : host))
        guard let address, isBracketed == (address.count == 16), Streams.isLoopback(address) else {
            throw MetricsError(
                "\(text): not a loopback address: metrics tell of every vNode, so other machines cannot ask for them; \(forms)")
        }
        return MetricsAddress(kind: .loopback(address: address, port: port), description: text)
    }

    /// A listening, non-blocking socket. That of a path is mode 0600; one there that nobody listens on is replaced.
    public func listen() throws(MetricsError) -> OwnedFD {
        do throws(Errno) {
            let socket =
                switch kind {
                case .unix(let path): try MetricsAddress.listen(at: path)
                case .loopback(let address, let port): try Streams.listen(loopback: address, port: port)
                }
            try Streams.setNonBlocking(socket)
            return socket
        } catch {
            let reason =
                switch error {
                case .addressInUse: "somebody listens there already"
                case .notSocket: "there is something there that is no socket"
                default: "\(error)"
                }
            throw MetricsError("metrics at \(self): \(reason)")
        }
    }

    /// What a socket that listens there is bound to.
    public var name: SocketName {
        switch kind {
        case .unix(let path): .unix(path: path)
        case .loopback(let address, let port): .internet(address: address, port: port)
        }
    }

    /// Removes the path of a unix socket nobody listens at any more.
    public func removePath() {
        guard case .unix(let path) = kind, MetricsAddress.isSocket(path), (try? MetricsAddress.isAlive(path)) == false else { return }
        _ = unsafe unlink(path)
    }

    private static func listen(at path: String) throws(Errno) -> OwnedFD {
        if let slash = path.lastIndex(of: "/"), slash != path.startIndex {
            try Directories.makeAll(String(path[..<slash]), mode: 0o700)
        }
        if let kind = Directories.kind(path) {
            guard kind == .other, MetricsAddress.isSocket(path) else { throw .notSocket }
            if try isAlive(path) { throw .addressInUse }
            if unsafe unlink(path) < 0, errno != ENOENT { throw Errno(rawValue: errno) }
        }
        let socket = try Streams.unix()
        try Sockets.listen(socket, at: path)
        return socket
    }

    private static func isAlive(_ path: String) throws(Errno) -> Bool {
        let probe = try Streams.unix()
        // A full queue is somebody's too: EAGAIN, not a wait.
        try Streams.setNonBlocking(probe)
        do throws(Errno) {
            try Sockets.connect(probe, to: path)
            return true
        } catch {
            switch error {
            case .connectionRefused, .noSuchFileOrDirectory: return false
            // Somebody's of another type.
            case .wouldBlock, .protocolWrongTypeForSocket: return true
            default: throw error
            }
        }
    }
}

extension MetricsAddress {
    private static func isSocket(_ path: String) -> Bool {
        var status = stat()
        return unsafe lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
    }
}
