import FoundationEssentials
import Glibc
public import Linux
import Synchronization
public import SystemPackage

/// A failure of the control socket, or one the other side reported.
public struct ControlError: Error, CustomStringConvertible {
    public let errno: Errno
    public let message: String

    public init(_ errno: Errno, _ message: String) {
        self.errno = errno
        self.message = message
    }

    public var description: String { message }
}

/// One connection of the control socket: JSON messages over a unix SOCK_SEQPACKET, with descriptors.
public struct Channel: ~Copyable {
    public let socket: OwnedFD
    /// Of the last request asked here, and how many parts of its answer have come.
    private let number = Atomic<UInt64>(0)
    private let parts = Atomic<Int>(0)

    /// Longest message either side accepts, bytes.
    public static let longest = 16384

    /// Longest record that can be announced, encoded: so that what it is told with fits too.
    public static let longestRecord = longest / 4

    /// Bytes of a message on the wire.
    public static func size(of message: some Encodable) -> Int { (try? JSONEncoder().encode(message).count) ?? .max }

    public init(_ socket: consuming OwnedFD) { self.socket = socket }

    /// Connects to a daemon. ENOENT or ECONNREFUSED: none is listening at `path`.
    /// Neither this nor any later wait on the connection takes longer than `seconds` (EAGAIN).
    public static func connect(to path: String, seconds: Int = 10) throws(Errno) -> Channel {
        let socket = try Sockets.seqPacket()
        try Sockets.setTimeouts(socket, seconds: seconds)
        try Sockets.connect(socket, to: path)
        return Channel(socket)
    }

    public borrowing func send(_ message: some Encodable, descriptors: [CInt] = []) throws(ControlError) {
        let bytes: [UInt8]
        do {
            bytes = Array(try JSONEncoder().encode(message))
        } catch {
            throw ControlError(.invalidArgument, "control socket: encoding a message: \(error)")
        }
        guard bytes.count <= Channel.longest else {
            throw ControlError(.messageTooLong, "control socket: a message of \(bytes.count) bytes is longer than \(Channel.longest)")
        }
        do {
            try Sockets.send(bytes, descriptors: descriptors, on: socket)
        } catch {
            throw ControlError(error, "control socket: sending: \(error)")
        }
    }

    /// The next message and its descriptors, which the caller owns; nil when the other side has closed.
    /// EINVAL for what is not a message of this kind (its descriptors are closed).
    /// Peeking leaves the message where it is; `skip` takes it away. Not waiting, EAGAIN when there is none.
    public borrowing func receive<Message: Decodable>(
        _ type: Message.Type, peeking: Bool = false, waiting: Bool = true
    ) throws(ControlError) -> (Message, [CInt])? {
        let bytes: [UInt8]
        let descriptors: [CInt]
        do {
            (bytes, descriptors) = try Sockets.receive(longest: Channel.longest, peeking: peeking, waiting: waiting, on: socket)
        } catch {
            throw ControlError(error, "control socket: receiving: \(error)")
        }
        guard !bytes.isEmpty else {
            for descriptor in descriptors { _ = close(descriptor) }
            return nil
        }
        do {
            return (try JSONDecoder().decode(type, from: Data(bytes)), descriptors)
        } catch {
            for descriptor in descriptors { _ = close(descriptor) }
            throw ControlError(.invalidArgument, "control socket: a message could not be understood")
        }
    }

    /// Takes away the next message, whatever it is.
    public borrowing func skip() {
        guard let received = try? Sockets.receive(longest: Channel.longest, waiting: false, on: socket) else { return }
        for descriptor in received.1 { _ = close(descriptor) }
    }

    /// Whether the other side is gone, asked while no answer is due. Answers that come once more are passed over.
    public borrowing func isClosed() -> Bool {
        while true {
            do throws(ControlError) {
                guard let (_, descriptors) = try receive(Answered.self, waiting: false) else { return true }
                for descriptor in descriptors { _ = close(descriptor) }
            } catch { return error.errno != .wouldBlock }
        }
    }

    /// Sends a request and waits for its answer; a failure the daemon reports is thrown.
    public borrowing func ask(_ request: Request, descriptors: [CInt] = []) throws(ControlError) -> (Response, [CInt]) {
        try start(request, descriptors: descriptors)
        return try answer()
    }

    /// Sends a request.
    public borrowing func start(_ request: Request, descriptors: [CInt] = []) throws(ControlError) {
        parts.store(0, ordering: .relaxed)
        try send(Asked(number.wrappingAdd(1, ordering: .relaxed).newValue, request), descriptors: descriptors)
    }

    /// One further answer to the request started last (`list` has several). What has come before is passed over.
    public borrowing func answer() throws(ControlError) -> (Response, [CInt]) {
        let asked = number.load(ordering: .relaxed)
        let expected = parts.load(ordering: .relaxed)
        while true {
            guard let (answer, received) = try receive(Answered.self) else {
                throw ControlError(.connectionReset, "control socket: vnode-fs closed the connection")
            }
            if answer.number == asked, answer.part == expected {
                parts.store(expected + 1, ordering: .relaxed)
                guard case .failed(let errno, let message) = answer.response else { return (answer.response, received) }
                for descriptor in received { _ = close(descriptor) }
                throw ControlError(Errno(rawValue: errno), message)
            }
            for descriptor in received { _ = close(descriptor) }
            guard answer.number < asked || answer.number == asked && answer.part < expected else {
                throw ControlError(.protocolError, "control socket: an answer to what nobody asked")
            }
        }
    }
}
