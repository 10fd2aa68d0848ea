import CFuse3
import Glibc
public import Linux
import Synchronization
public import SystemPackage
public import Takeover

/// One mounted FUSE file system: an open /dev/fuse on which its requests arrive.
///
/// Requests may be handled by several threads at once. The descriptor is closed when the last of them lets go.
public final class Connection: Sendable {
    /// Bytes of one request to write. What is negotiated must fit a request slot. As many pages are what libfuse lets the kernel put into
    /// one: with a single page a few bytes across the end of one would come in two pieces.
    public static let longestWrite = 12288

    /// The same for every worker that serves it.
    public let key: UInt64
    public let files: any FileSystem
    /// Non-blocking.
    let descriptor: CInt
    private let device: OwnedFD
    private let parser = Mutex<Parser?>(nil)
    /// Requests being answered.
    let busy = Atomic(0)
    let isRemoved = Atomic(false)

    /// Takes over a /dev/fuse that is mounted already. `negotiated` is the FUSE_INIT a worker before this one has answered.
    public init(_ device: consuming OwnedFD, key: UInt64, serving files: any FileSystem, negotiated: [UInt8]? = nil) throws(Errno) {
        self.key = key
        self.files = files
        descriptor = device.raw
        let flags = try check(fcntl(device.raw, F_GETFL))
        _ = try check(fcntl(device.raw, F_SETFL, flags | O_NONBLOCK))
        self.device = device
        if let negotiated { parser.withLock { $0 = Parser.shared(after: negotiated, for: self) } }
    }

    /// It is unmounted or aborted.
    var isEnded: Bool {
        var asked = pollfd(fd: descriptor, events: 0, revents: 0)
        return unsafe poll(&asked, 1, 0) > 0 && asked.revents & Int16(POLLERR) != 0
    }

    enum Received {
        case request
        case nothing, ended
    }

    /// Reads one request into the slot, where it stays until it is answered.
    func receive(_ slot: RequestSlot) -> Received {
        slot.begin(connection: key)
        let buffer = unsafe slot.buffer
        let size = unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
        if size > 0 { return .request }
        guard size < 0 else { return .ended }
        switch errno {
        // ENOENT: the caller was killed before we read its request.
        case EINTR, EAGAIN, ENOENT, ENOMEM, EFAULT: return .nothing
        default: return .ended  // ENODEV, ECONNABORTED: unmounted or aborted.
        }
    }

    /// How a request was answered.
    public struct Outcome: Sendable {
        public var isError = false
        /// An answer was computed for it.
        public var isRefill = false
    }

    /// Called while a request is answered: an answer was computed for it.
    public static func noteRefill() { Turn.current?.outcome.isRefill = true }

    /// Answers the request in the slot. `workers` are those whose thread does it.
    @discardableResult public func handle(_ slot: RequestSlot, by workers: Workers? = nil) -> Outcome {
        defer { slot.end() }
        guard let length = slot.length else { return Outcome() }
        switch slot.opcode {
        case Opcode.initialize:
            let request = unsafe Array(slot.buffer.prefix(length))
            // A second one is the first again: replayed, or nothing the kernel sends.
            let isFirst = parser.withLock { parser in
                if parser != nil { return false }
                parser = Parser.shared(after: request, for: self)
                return true
            }
            if isFirst { files.negotiated(request) }
            Parser.answer(request, for: self)
        // Requests are answered sooner than they could be given up.
        case Opcode.interrupt: break
        case Opcode.destroy: refuse(slot, 0)
        default:
            guard let parser = parser.withLock({ $0 }) else {
                refuse(slot, EIO)
                return Outcome(isError: true)
            }
            return parser.handle(slot, length, for: self, by: workers)
        }
        return Outcome()
    }

    /// Answers the request in the slot with an error and nothing else (fuse_out_header). False when it has been answered before.
    @discardableResult public func refuse(_ slot: RequestSlot, _ error: CInt) -> Bool {
        let answer: [UInt32] = [
            16, UInt32(bitPattern: -error), UInt32(truncatingIfNeeded: slot.unique), UInt32(truncatingIfNeeded: slot.unique >> 32),
        ]
        let device = descriptor
        return unsafe answer.withUnsafeBytes { unsafe write(device, $0.baseAddress, $0.count) } > 0
    }

    /// Tells the kernel that content and attributes of a node have changed. May wait for reads of the node that are
    /// under way: call it without a lock that answering them needs. A node the kernel does not know is fine.
    public func invalidate(node: UInt64) {
        guard let parser = parser.withLock({ $0 }) else { return }
        unsafe parser.with(self) { session in _ = unsafe fuse_lowlevel_notify_inval_inode(session, node, 0, 0) }
    }

    /// Tells the kernel that attributes of a node have changed; content it has stays. Waits for nobody.
    public func invalidateAttributes(node: UInt64) {
        guard let parser = parser.withLock({ $0 }) else { return }
        unsafe parser.with(self) { session in _ = unsafe fuse_lowlevel_notify_inval_inode(session, node, -1, 0) }
    }

    /// Puts the whole content of a node into the kernel's cache in place of what is there, which must not be longer; attributes
    /// stay valid, the size grows. False when the kernel does not know the node. Waits like `invalidate`.
    public func store(_ bytes: [UInt8], in node: UInt64) -> Bool {
        guard let parser = parser.withLock({ $0 }) else { return false }
        var isStored = false
        unsafe parser.with(self) { session in
            isStored = unsafe bytes.withUnsafeBytes { raw in
                var content = fuse_bufvec()
                content.count = 1
                unsafe content.buf.size = raw.count
                unsafe content.buf.mem = UnsafeMutableRawPointer(mutating: raw.baseAddress)
                unsafe content.buf.fd = -1
                return unsafe fuse_lowlevel_notify_store(session, node, 0, &content, fuse_buf_copy_flags(rawValue: 0)) == 0
            }
        }
        return isStored
    }

    /// Whoever waits in poll(2) for the file the kernel knows by `key` asks again (FUSE_NOTIFY_POLL). Waits for nobody.
    public func wake(_ key: UInt64) {
        let notice: [UInt32] = [24, 1, 0, 0, UInt32(truncatingIfNeeded: key), UInt32(truncatingIfNeeded: key >> 32)]
        let device = descriptor
        _ = unsafe notice.withUnsafeBytes { unsafe write(device, $0.baseAddress, $0.count) }
    }

    /// Tells the kernel to forget a name in a directory.
    public func invalidate(name: String, in parent: UInt64) {
        guard let parser = parser.withLock({ $0 }) else { return }
        unsafe parser.with(self) { session in _ = unsafe fuse_lowlevel_notify_inval_entry(session, parent, name, name.utf8.count) }
    }
}
