import CFuse3
import CLinux
import Glibc
import Synchronization
import Takeover

/// libfuse's side of the protocol for every connection that negotiated the same: one session, and for the length of a request
/// the connection it came on. A session of each connection's own would cost memory, time at every takeover, and one of the 1,024
/// thread-specific keys a process has.
@safe final class Parser: Sendable {
    private nonisolated(unsafe) let session: OpaquePointer

    private struct Name: Hashable {
        let isWithoutOpen: Bool
        /// struct fuse_init_in.
        let request: ArraySlice<UInt8>
    }

    /// Lives as long as the process.
    private static let known = Mutex<[Name: Parser]>([:])
    private static let header = 40

    private init(_ session: OpaquePointer) { unsafe self.session = session }

    /// The session that has negotiated what `request`, a FUSE_INIT, asks for.
    static func shared(after request: [UInt8], for connection: Connection) -> Parser? {
        let name = Name(isWithoutOpen: connection.files.isWithoutOpen, request: request.dropFirst(header))
        return known.withLock { known in
            if let found = known[name] { return found }
            guard let session = unsafe make(connection) else { return nil }
            let parser = unsafe Parser(session)
            parser.process(request, for: connection, isSilent: true)
            known[name] = parser
            return parser
        }
    }

    /// Answers a connection's FUSE_INIT, for which a session that has not seen one is needed.
    static func answer(_ request: [UInt8], for connection: Connection) {
        guard let session = unsafe make(connection) else { return }
        unsafe Parser(session).process(request, for: connection, isSilent: false)
        unsafe fuse_session_destroy(session)
    }

    func handle(_ slot: RequestSlot, _ length: Int, for connection: Connection, by workers: Workers?) -> Connection.Outcome {
        let turn = Turn(connection, slot, isSilent: false, workers: workers)
        turn.run {
            var request = unsafe fuse_buf()
            unsafe request.mem = slot.buffer.baseAddress
            unsafe request.size = length
            unsafe fuse_session_process_buf(session, &request)
        }
        return turn.outcome
    }

    /// Runs `body` with the session writing to a connection.
    func with(_ connection: Connection, _ body: (OpaquePointer) -> Void) {
        Turn(connection, nil, isSilent: false).run { unsafe body(session) }
    }

    private func process(_ bytes: [UInt8], for connection: Connection, isSilent: Bool) {
        Turn(connection, nil, isSilent: isSilent).run {
            var copy = bytes
            unsafe copy.withUnsafeMutableBytes { raw in
                var request = unsafe fuse_buf()
                unsafe request.mem = raw.baseAddress
                unsafe request.size = raw.count
                unsafe fuse_session_process_buf(session, &request)
            }
        }
    }

    private static func make(_ connection: Connection) -> OpaquePointer? {
        var operations = Operations.make()
        let made = unsafe "vnode-fs".withCString { name -> OpaquePointer? in
            var argument: UnsafeMutablePointer<CChar>? = unsafe UnsafeMutablePointer(mutating: name)
            return unsafe withUnsafeMutablePointer(to: &argument) { argv in
                var arguments = unsafe fuse_args(argc: 1, argv: argv, allocated: 0)
                // What the session parses it copies, and leaves to its maker.
                defer { unsafe fuse_opt_free_args(&arguments) }
                return unsafe fuse_session_new(&arguments, &operations, Operations.size, nil)
            }
        }
        guard let made = unsafe made else { return nil }
        var io = fuse_custom_io()
        unsafe io.writev = { _, parts, count, _ in
            guard let turn = Turn.current else { return -1 }
            if turn.isSilent { return (0..<Int(count)).reduce(0) { unsafe $0 + (parts?[$1].iov_len ?? 0) } }
            return unsafe Glibc.writev(turn.connection.descriptor, parts, count)
        }
        unsafe io.read = { _, _, _, _ in -1 }
        // The session closes what it is given.
        let own = unsafe open("/dev/null", O_RDWR | O_CLOEXEC)
        guard own >= 0, unsafe fuse_session_custom_io(made, &io, own) == 0 else {
            unsafe fuse_session_destroy(made)
            return nil
        }
        return unsafe made
    }
}

/// What the thread is at: found again by the functions libfuse calls.
final class Turn {
    let connection: Connection
    let slot: RequestSlot?
    /// The kernel has the answer already.
    let isSilent: Bool
    /// Whose thread it is.
    let workers: Workers?
    var outcome = Connection.Outcome()

    init(_ connection: Connection, _ slot: RequestSlot?, isSilent: Bool, workers: Workers? = nil) {
        self.connection = connection
        self.slot = slot
        self.isSilent = isSilent
        self.workers = workers
    }

    /// Turns nest: an answer may need the kernel told something first.
    func run(_ body: () -> Void) {
        let before = unsafe clinux_thread_value()
        unsafe clinux_set_thread_value(Unmanaged.passUnretained(self).toOpaque())
        withExtendedLifetime(self) { body() }
        unsafe clinux_set_thread_value(before)
    }

    static var current: Turn? {
        guard let value = unsafe clinux_thread_value() else { return nil }
        return unsafe Unmanaged<Turn>.fromOpaque(value).takeUnretainedValue()
    }
}

enum Opcode {
    static let initialize: UInt32 = 26
    static let interrupt: UInt32 = 36
    static let destroy: UInt32 = 38
}

/// What a request asks for (`enum fuse_opcode`), for people.
public func opcodeName(_ opcode: UInt32) -> String {
    let names: [UInt32: String] = [
        1: "LOOKUP", 2: "FORGET", 3: "GETATTR", 4: "SETATTR", 5: "READLINK", 14: "OPEN", 15: "READ", 16: "WRITE", 17: "STATFS",
        18: "RELEASE", 25: "FLUSH", 26: "INIT", 27: "OPENDIR", 28: "READDIR", 29: "RELEASEDIR", 34: "ACCESS", 36: "INTERRUPT",
        38: "DESTROY", 39: "IOCTL", 40: "POLL", 42: "BATCH_FORGET", 44: "READDIRPLUS", 46: "LSEEK",
    ]
    return names[opcode] ?? "opcode \(opcode)"
}
