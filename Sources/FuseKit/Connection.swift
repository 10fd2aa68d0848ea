import CFuse3
import Glibc
public import Linux
public import SystemPackage

/// One mounted FUSE file system: an open /dev/fuse on which its requests arrive.
///
/// Requests may be handled by several threads at once. The descriptor is closed when the last of them lets go.
@safe public final class Connection: Sendable {
    public let files: any FileSystem
    /// Non-blocking; owned by the session.
    let descriptor: CInt
    private nonisolated(unsafe) var session: OpaquePointer?

    /// Longest request the kernel may send, with room for its header. FUSE_MIN_READ_BUFFER is 8192.
    static let requestSize = 16384

    /// Takes over a /dev/fuse that is mounted already. ENOMEM when libfuse cannot.
    public init(_ device: consuming OwnedFD, serving files: any FileSystem) throws(Errno) {
        self.files = files
        descriptor = device.raw
        let flags = try check(fcntl(device.raw, F_GETFL))
        _ = try check(fcntl(device.raw, F_SETFL, flags | O_NONBLOCK))
        var operations = Operations.make()
        let userdata = unsafe Unmanaged.passUnretained(self).toOpaque()
        let made = unsafe "vnode-fs".withCString { name -> OpaquePointer? in
            var argument: UnsafeMutablePointer<CChar>? = unsafe UnsafeMutablePointer(mutating: name)
            return unsafe withUnsafeMutablePointer(to: &argument) { argv in
                var arguments = unsafe fuse_args(argc: 1, argv: argv, allocated: 0)
                // Parsing puts a copy of its own in their place.
                defer { unsafe fuse_opt_free_args(&arguments) }
                return unsafe fuse_session_new(&arguments, &operations, Operations.size, userdata)
            }
        }
        guard let made = unsafe made else { throw .noMemory }
        var io = fuse_custom_io()
        unsafe io.writev = { descriptor, parts, count, _ in unsafe Glibc.writev(descriptor, parts, count) }
        unsafe io.read = { descriptor, buffer, size, _ in unsafe Glibc.read(descriptor, buffer, size) }
        guard unsafe fuse_session_custom_io(made, &io, device.raw) == 0 else {
            unsafe fuse_session_destroy(made)
            throw .invalidArgument
        }
        unsafe session = made
        // From here on the session closes it.
        _ = device.release()
    }

    deinit {
        if let session = unsafe session { unsafe fuse_session_destroy(session) }
    }

    @safe static func from(_ userdata: UnsafeMutableRawPointer) -> Connection {
        unsafe Unmanaged<Connection>.fromOpaque(userdata).takeUnretainedValue()
    }

    @safe func negotiate(_ connection: inout fuse_conn_info) {
        let unwanted =
            FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE | FUSE_CAP_WRITEBACK_CACHE | FUSE_CAP_READDIRPLUS
            | FUSE_CAP_READDIRPLUS_AUTO | FUSE_CAP_POSIX_LOCKS | FUSE_CAP_FLOCK_LOCKS
        connection.want &= ~UInt32(unwanted)
        var wanted = UInt32(FUSE_CAP_AUTO_INVAL_DATA) | UInt32(FUSE_CAP_NO_OPENDIR_SUPPORT) | UInt32(FUSE_CAP_PARALLEL_DIROPS)
        if files.isWithoutOpen { wanted |= UInt32(FUSE_CAP_NO_OPEN_SUPPORT) }
        connection.want |= wanted & connection.capable
        connection.max_write = 4096
    }

    enum Received {
        case request(size: Int)
        case nothing, ended
    }

    /// Reads one request into the caller's buffer of `requestSize` bytes.
    func receive(_ buffer: UnsafeMutableRawBufferPointer) -> Received {
        let size = unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
        if size > 0 { return .request(size: size) }
        switch errno {
        case EINTR, EAGAIN, ENOENT: return .nothing  // ENOENT: the caller was killed before we read its request.
        default: return .ended  // ENODEV: unmounted or aborted.
        }
    }

    /// Answers the request in the buffer.
    func handle(_ buffer: UnsafeMutableRawBufferPointer, size: Int) {
        guard let session = unsafe session else { return }
        var request = unsafe fuse_buf()
        unsafe request.mem = buffer.baseAddress
        unsafe request.size = size
        unsafe fuse_session_process_buf(session, &request)
    }

    /// Tells the kernel that content and attributes of a node have changed. May wait for reads of the node that are
    /// under way: call it without a lock that answering them needs. A node the kernel does not know is fine.
    public func invalidate(node: UInt64) {
        guard let session = unsafe session else { return }
        _ = unsafe fuse_lowlevel_notify_inval_inode(session, node, 0, 0)
    }

    /// Puts the whole content of a node into the kernel's cache in place of what is there, which must not be longer; attributes
    /// stay valid, the size grows. False when the kernel does not know the node. Waits like `invalidate`.
    public func store(_ bytes: [UInt8], in node: UInt64) -> Bool {
        guard let session = unsafe session else { return false }
        return unsafe bytes.withUnsafeBytes { raw in
            var content = fuse_bufvec()
            content.count = 1
            unsafe content.buf.size = raw.count
            unsafe content.buf.mem = UnsafeMutableRawPointer(mutating: raw.baseAddress)
            unsafe content.buf.fd = -1
            return unsafe fuse_lowlevel_notify_store(session, node, 0, &content, fuse_buf_copy_flags(rawValue: 0)) == 0
        }
    }

    /// Tells the kernel to forget a name in a directory.
    public func invalidate(name: String, in parent: UInt64) {
        guard let session = unsafe session else { return }
        _ = unsafe fuse_lowlevel_notify_inval_entry(session, parent, name, name.utf8.count)
    }
}
