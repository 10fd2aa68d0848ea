import CLinux
import Glibc
import Linux
import SystemPackage

/// Answers the audit from inside a container: looks, and writes nothing. Paths are walked by descriptor without following a symlink, and
/// what is opened is what was looked at, whatever is put in its place meanwhile.
struct Reader {
    /// The container's root directory.
    let root: CInt
    /// `/proc/self/fd` of this process on the node's procfs, which nobody in the container can mount over.
    let descriptors: CInt
    /// What `/proc/self` stands for: the process that is looked at.
    let process: Int32

    /// Answers until the other side closes.
    func serve(_ socket: CInt) -> CInt {
        while let bytes = Stream.receive(socket, longest: 65536, until: nil), let request = Wire.request(bytes) {
            guard Stream.send(Wire.frame(answer(request)), to: socket) else { return 1 }
        }
        return 0
    }

    private func answer(_ request: Wire.Request) -> [UInt8] {
        do throws(Errno) {
            switch request {
            case .list(let path): return Wire.encode(try list(below(path)))
            case .read(let path): return Wire.encode(try read(below(path)))
            case .open(let path):
                _ = try open(below(path))
                return Wire.encode(.bytes([]))
            }
        } catch {
            return Wire.encode(Content.failed(error))
        }
    }

    private func below(_ path: String) -> String {
        var parts = path.split(separator: "/").map(String.init)
        if parts.count > 1, parts[0] == "proc", parts[1] == "self" { parts[1] = String(process) }
        return parts.joined(separator: "/")
    }

    private func list(_ path: String) throws(Errno) -> Listing {
        let directory = OwnedFD(taking: try check(unsafe clinux_open_beneath(root, path, O_RDONLY | O_DIRECTORY | O_NONBLOCK)))
        guard let stream = unsafe fdopendir(try directory.duplicate().release()) else { throw Errno(rawValue: errno) }
        defer { _ = unsafe closedir(stream) }
        var entries: [Entry] = []
        while let found = unsafe readdir(stream) {
            let name = unsafe withUnsafeBytes(of: &found.pointee.d_name) { unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            if name == "." || name == ".." { continue }
            if entries.count == Bounds.directory { return .entries(entries, isCut: true) }
            if let entry = try? entry(name, in: directory) { entries.append(entry) }
        }
        return .entries(entries, isCut: false)
    }

    private func entry(_ name: String, in directory: borrowing OwnedFD) throws(Errno) -> Entry {
        let file = try Files.open(name, below: directory.raw, flags: Files.place | O_NOFOLLOW)
        var status = stat()
        _ = try check(unsafe fstat(file.raw, &status))
        let mode = UInt16(truncatingIfNeeded: status.st_mode & 0o7777)
        var entry = Entry(name: name, kind: kind(status), answerer: answerer(clinux_filesystem(file.raw)), mode: mode)
        switch entry.kind {
        case .file:
            let isAllowed = unsafe faccessat(directory.raw, name, W_OK, 0) == 0
            entry.isWritable = isAllowed && mode & 0o222 != 0
        case .symlink: entry.target = target(of: file)
        case .directory, .other: break
        }
        return entry
    }

    private func kind(_ status: stat) -> EntryKind {
        switch status.st_mode & S_IFMT {
        case S_IFREG: .file
        case S_IFDIR: .directory
        case S_IFLNK: .symlink
        default: .other
        }
    }

    private func target(of link: borrowing OwnedFD) -> String {
        var bytes = [UInt8](repeating: 0, count: 1024)
        let raw = link.raw
        let size = unsafe bytes.withUnsafeMutableBytes { bytes in
            unsafe bytes.baseAddress.map { unsafe readlinkat(raw, "", $0.assumingMemoryBound(to: CChar.self), bytes.count) } ?? -1
        }
        return String(decoding: bytes.prefix(max(0, size)), as: UTF8.self)
    }

    /// As in `linux/magic.h`.
    private func answerer(_ magic: Int64) -> Answerer {
        switch magic {
        case 0x9fa0: .proc
        case 0x6265_6572: .sysfs
        case 0x27_e0eb, 0x6367_7270: .cgroup
        case 0x6573_5546: .fuse
        case 0x0102_1994, 0x8584_58f6: .memory
        case 0x6462_6720, 0x7472_6163: .debug
        default: .other
        }
    }

    private func open(_ path: String) throws(Errno) -> OwnedFD {
        let place = OwnedFD(taking: try check(unsafe clinux_open_beneath(root, path, Files.place | O_NOFOLLOW)))
        var status = stat()
        _ = try check(unsafe fstat(place.raw, &status))
        guard kind(status) == .file else { throw .notPermitted }
        return try Files.open("\(place.raw)", below: descriptors, flags: O_RDONLY | O_NONBLOCK | O_NOCTTY)
    }

    private func read(_ path: String) throws(Errno) -> Content {
        let file = try open(path)
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let raw = file.raw
            let size = unsafe buffer.withUnsafeMutableBytes { unsafe Glibc.read(raw, $0.baseAddress, $0.count) }
            if size < 0 {
                let error = Errno(rawValue: errno)
                if error == .interrupted { continue }
                throw error
            }
            if size == 0 { return .bytes(bytes) }
            bytes += buffer.prefix(size)
            if bytes.count > Bounds.file { return .cut(Array(bytes.prefix(Bounds.file))) }
        }
    }
}

/// Frames over a stream socket.
enum Stream {
    /// nil at the end, after the deadline (CLOCK_MONOTONIC, nanoseconds) or for a frame that is too long.
    static func receive(_ socket: CInt, longest: Int, until deadline: Int64?) -> [UInt8]? {
        guard let header = receive(socket, count: 4, until: deadline) else { return nil }
        let length = (0..<4).reduce(0) { $0 | Int(header[$1]) << (8 * $1) }
        guard length <= longest else { return nil }
        return receive(socket, count: length, until: deadline)
    }

    private static func receive(_ socket: CInt, count: Int, until deadline: Int64?) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        var used = 0
        while used < count {
            if let deadline {
                var waiting = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
                let left = (deadline - Clock.monotonic) / 1_000_000
                guard left > 0 else { return nil }
                if unsafe poll(&waiting, 1, CInt(clamping: left)) <= 0 {
                    if errno == EINTR { continue }
                    return nil
                }
            }
            let size = unsafe bytes.withUnsafeMutableBytes { unsafe recv(socket, $0.baseAddress?.advanced(by: used), count - used, 0) }
            if size < 0, errno == EINTR { continue }
            guard size > 0 else { return nil }
            used += size
        }
        return bytes
    }

    static func send(_ bytes: [UInt8], to socket: CInt) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let size = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.send(socket, $0.baseAddress?.advanced(by: sent), bytes.count - sent, CInt(MSG_NOSIGNAL))
            }
            if size < 0, errno == EINTR { continue }
            guard size > 0 else { return false }
            sent += size
        }
        return true
    }
}
