import CFuse3
import Glibc
public import SystemPackage

/// The one answer to one request. Every method consumes it; one that is dropped answers EIO, so that no caller hangs.
@safe public struct Reply: ~Copyable {
    private let request: fuse_req_t

    init(_ request: fuse_req_t) { unsafe self.request = request }

    deinit { _ = unsafe fuse_reply_err(request, EIO) }

    public consuming func error(_ error: Errno) {
        Turn.current?.outcome.isError = error != .noFunction
        _ = unsafe fuse_reply_err(request, error.rawValue)
        discard self
    }

    /// Answers lookup. Names and attributes hold for the given seconds.
    public consuming func entry(node: UInt64, _ attributes: Attributes, seconds: Double) {
        var entry = fuse_entry_param()
        entry.ino = node
        entry.attr = attributes.stat
        entry.attr_timeout = seconds
        entry.entry_timeout = Reply.forever
        _ = unsafe fuse_reply_entry(request, &entry)
        discard self
    }

    public consuming func attributes(_ attributes: Attributes, seconds: Double) {
        var stat = attributes.stat
        _ = unsafe fuse_reply_attr(request, &stat, seconds)
        discard self
    }

    /// Answers readlink. What is not text up to its end (a zero byte) is not read further.
    public consuming func target(_ bytes: [UInt8]) {
        let text = bytes.map { CChar(bitPattern: $0) } + [0]
        _ = unsafe text.withUnsafeBufferPointer { unsafe fuse_reply_readlink(request, $0.baseAddress) }
        discard self
    }

    /// Answers open. Closing such a file costs no FLUSH.
    public consuming func opened(handle: UInt64, _ mode: OpenMode) {
        var info = fuse_file_info()
        info.fh = handle
        info.noflush = 1
        switch mode {
        case .cached: info.keep_cache = 1
        case .direct: info.direct_io = 1
        }
        // A process that was killed meanwhile never closes what it did not get: the kernel sends the RELEASE itself.
        _ = unsafe fuse_reply_open(request, &info)
        discard self
    }

    /// Answers read with the part of `bytes` that was asked for.
    public consuming func data(_ bytes: [UInt8], offset: Int, size: Int) {
        let start = min(max(0, offset), bytes.count)
        let count = min(max(0, size), bytes.count - start)
        unsafe bytes.withUnsafeBytes { raw in
            _ = unsafe raw.withMemoryRebound(to: CChar.self) {
                unsafe fuse_reply_buf(request, $0.baseAddress.map { unsafe $0 + start }, count)
            }
        }
        discard self
    }

    /// Answers write: so many of the bytes are taken.
    public consuming func written(_ count: Int) {
        _ = unsafe fuse_reply_write(request, max(0, count))
        discard self
    }

    public consuming func polled(_ events: PollEvents) {
        _ = unsafe fuse_reply_poll(request, events.rawValue)
        discard self
    }

    /// Answers readdir with what fits into `size` from entry number `offset` on.
    public consuming func directory(_ entries: [DirectoryEntry], offset: Int, size: Int) {
        let request = unsafe self.request
        let room = min(size, 65536)
        let buffer = unsafe [CChar](unsafeUninitializedCapacity: room) { buffer, used in
            used = 0
            for (number, entry) in entries.enumerated().dropFirst(max(0, offset)) {
                var stat = Glibc.stat()
                stat.st_ino = UInt(entry.inode)
                stat.st_mode = entry.type
                let left = room - used
                let wanted = unsafe fuse_add_direntry(
                    request, buffer.baseAddress.map { unsafe $0 + used }, left, entry.name, &stat, off_t(number + 1))
                if wanted > left { break }
                used += wanted
            }
        }
        _ = unsafe buffer.withUnsafeBufferPointer { unsafe fuse_reply_buf(request, $0.baseAddress, $0.count) }
        discard self
    }

    public consuming func done() {
        _ = unsafe fuse_reply_err(request, 0)
        discard self
    }

    /// Seconds that never end for the kernel's caches.
    public static let forever = 1e9
}

extension Attributes {
    var stat: Glibc.stat {
        var stat = Glibc.stat()
        stat.st_ino = UInt(inode)
        stat.st_mode = mode
        stat.st_nlink = UInt(links)
        stat.st_uid = uid
        stat.st_gid = gid
        stat.st_size = size
        stat.st_blksize = 4096
        let time = timespec(tv_sec: Int(modified / 1_000_000_000), tv_nsec: Int(modified % 1_000_000_000))
        stat.st_mtim = time
        stat.st_ctim = time
        stat.st_atim = time
        return stat
    }
}
