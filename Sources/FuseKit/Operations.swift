import CFuse3
import Glibc
import SystemPackage
import Takeover

/// The operations table libfuse calls. What is not in it libfuse answers with ENOSYS, after which the kernel stops asking.
enum Operations {
    static let size = MemoryLayout<fuse_lowlevel_ops>.size

    @safe static func make() -> fuse_lowlevel_ops {
        var operations = fuse_lowlevel_ops()
        unsafe operations.`init` = { _, connection in
            guard let connection = unsafe connection, let turn = Turn.current else { return }
            unsafe negotiate(&connection.pointee, isWithoutOpen: turn.connection.files.isWithoutOpen)
        }
        unsafe operations.lookup = { request, parent, name in
            withRequest(request) { files, reply in
                guard let name = unsafe name, let name = unsafe String(validatingCString: name) else {
                    return reply.error(.noSuchFileOrDirectory)
                }
                files.lookup(name, in: parent, reply)
            }
        }
        // Node ids are computed, so there is nothing to forget.
        unsafe operations.forget = { request, _, _ in unsafe fuse_reply_none(request) }
        unsafe operations.forget_multi = { request, _, _ in unsafe fuse_reply_none(request) }
        unsafe operations.getattr = { request, node, info in
            let handle = unsafe info?.pointee.fh
            withRequest(request) { files, reply in files.attributes(of: node, handle: handle, reply) }
        }
        unsafe operations.readlink = { request, node in withRequest(request) { files, reply in files.target(of: node, reply) } }
        unsafe operations.setattr = { request, node, _, wanted, _ in
            withRequest(request) { files, reply in
                files.change(node, AttributeChange(rawValue: UInt32(bitPattern: wanted)), reply)
            }
        }
        unsafe operations.open = { request, node, info in
            let flags = unsafe info?.pointee.flags ?? 0
            withRequest(request) { files, reply in
                if files.isWithoutOpen { return reply.error(.noFunction) }
                guard let slot = Turn.current?.slot else { return reply.error(.ioError) }
                files.open(node, flags: flags, slot, reply)
            }
        }
        unsafe operations.read = { request, node, size, offset, info in
            let handle = unsafe info?.pointee.fh ?? 0
            withRequest(request) { files, reply in
                guard let slot = Turn.current?.slot else { return reply.error(.ioError) }
                files.read(node, handle: handle, offset: offset, size: size, slot, reply)
            }
        }
        unsafe operations.write = { request, node, bytes, size, offset, info in
            let handle = unsafe info?.pointee.fh ?? 0
            let flags = unsafe info?.pointee.flags ?? 0
            withRequest(request) { files, reply in
                // fuse_in_header and fuse_write_in are before the bytes.
                guard let slot = Turn.current?.slot, let length = slot.length, size <= Connection.longestWrite, size <= length - 80,
                    let bytes = unsafe bytes
                else { return reply.error(.ioError) }
                let given = unsafe Array(UnsafeRawBufferPointer(start: bytes, count: size))
                files.write(node, handle: handle, offset: offset, given, isAppending: flags & O_APPEND != 0, slot, reply)
            }
        }
        unsafe operations.poll = { request, node, info, waiting in
            let handle = unsafe info?.pointee.fh ?? 0
            let isWaiting = unsafe waiting != nil
            // All it holds is the key, which the request has too.
            unsafe fuse_pollhandle_destroy(waiting)
            withRequest(request) { files, reply in
                if files.isWithoutOpen { return reply.error(.noFunction) }
                guard let slot = Turn.current?.slot, let length = slot.length, length >= 64 else { return reply.error(.ioError) }
                let events: PollEvents
                do throws(Errno) {
                    events = try files.poll(node, handle: handle, key: isWaiting ? slot.pollKey : nil, slot)
                } catch { return reply.error(error) }
                reply.polled(events)
            }
        }
        unsafe operations.release = { request, node, info in
            let handle = unsafe info?.pointee.fh ?? 0
            withRequest(request) { files, reply in
                if let slot = Turn.current?.slot { files.release(node, handle: handle, slot) }
                reply.done()
            }
        }
        // Directories need no open either (FUSE_NO_OPENDIR_SUPPORT).
        unsafe operations.opendir = { request, _, _ in withRequest(request) { _, reply in reply.error(.noFunction) } }
        unsafe operations.readdir = { request, node, size, offset, _ in
            withRequest(request) { files, reply in
                let entries: [DirectoryEntry]
                do throws(Errno) { entries = try files.entries(of: node) } catch { return reply.error(error) }
                reply.directory(entries, offset: offset, size: size)
            }
        }
        // Without them the kernel would say that there is no such system call.
        unsafe operations.mknod = { request, _, _, _, _ in refuse(request) }
        unsafe operations.mkdir = { request, _, _, _ in refuse(request) }
        unsafe operations.symlink = { request, _, _, _ in refuse(request) }
        unsafe operations.link = { request, _, _, _ in refuse(request) }
        unsafe operations.unlink = { request, _, _ in refuse(request) }
        unsafe operations.rmdir = { request, _, _ in refuse(request) }
        unsafe operations.rename = { request, _, _, _, _, _ in refuse(request) }
        return operations
    }
}

/// EPERM, as sysfs says to who would make or remove names.
@safe private func refuse(_ request: fuse_req_t?) { withRequest(request) { _, reply in reply.error(.notPermitted) } }

/// Hands a request and its reply to the connection's file system.
@safe private func withRequest(_ request: fuse_req_t?, _ body: (any FileSystem, consuming Reply) -> Void) {
    guard let request = unsafe request else { return }
    let reply = unsafe Reply(request)
    guard let turn = Turn.current else { return reply.error(.ioError) }
    body(turn.connection.files, reply)
}

@safe private func negotiate(_ connection: inout fuse_conn_info, isWithoutOpen: Bool) {
    let unwanted =
        FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE | FUSE_CAP_WRITEBACK_CACHE | FUSE_CAP_READDIRPLUS
        | FUSE_CAP_READDIRPLUS_AUTO | FUSE_CAP_POSIX_LOCKS | FUSE_CAP_FLOCK_LOCKS
    connection.want &= ~UInt32(unwanted)
    var wanted = UInt32(FUSE_CAP_AUTO_INVAL_DATA) | UInt32(FUSE_CAP_NO_OPENDIR_SUPPORT) | UInt32(FUSE_CAP_PARALLEL_DIROPS)
    if isWithoutOpen { wanted |= UInt32(FUSE_CAP_NO_OPEN_SUPPORT) }
    connection.want |= wanted & connection.capable
    connection.max_write = UInt32(Connection.longestWrite)
}
