import Glibc
import Linux
import SystemPackage
import Text

/// A directory kept open: what is below it is read through the descriptor, so a new directory of the same name is not mistaken
/// for it.
final class Directory: Sendable {
    struct Entry {
        let name: String
        let isDirectory: Bool
    }

    private let fd: OwnedFD
    /// For messages and for inotify; empty for one found below another.
    let path: String

    init(_ path: String) throws(Errno) {
        fd = try Files.open(path, flags: O_RDONLY | O_DIRECTORY)
        self.path = path
    }

    init(_ name: String, below directory: CInt) throws(Errno) {
        fd = try Files.open(name, below: directory, flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
        path = ""
    }

    func directory(_ name: String) throws(Errno) -> Directory { try Directory(name, below: fd.raw) }

    func read(_ name: String, limit: Int = 1 << 20) throws(Errno) -> [UInt8] { try Files.read(name, below: fd.raw, limit: limit) }

    var inode: UInt64 {
        var status = stat()
        return unsafe fstat(fd.raw, &status) == 0 ? UInt64(status.st_ino) : 0
    }

    func exists(_ name: String) -> Bool { unsafe faccessat(fd.raw, name, F_OK, 0) == 0 }

    /// Everything but `.` and `..`, at most `limit`.
    func entries(limit: Int = 65536) throws(Errno) -> [Entry] { try Directory.entries(of: fd.raw, limit: limit) }

    /// Of a descriptor that stays the caller's, its position untouched.
    static func entries(of fd: CInt, limit: Int = 65536) throws(Errno) -> [Entry] {
        let raw = try Files.open(".", below: fd, flags: O_RDONLY | O_DIRECTORY).release()
        guard let stream = unsafe fdopendir(raw) else {
            let error = Errno(rawValue: errno)
            _ = close(raw)
            throw error
        }
        defer { unsafe closedir(stream) }
        var found: [Entry] = []
        while found.count < limit, let entry = unsafe readdir(stream) {
            let isDirectory = unsafe Int(entry.pointee.d_type) == Int(DT_DIR)
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                unsafe $0.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: entry.pointee.d_name)) {
                    unsafe String(cString: $0)
                }
            }
            if name != "." && name != ".." { found.append(Entry(name: name, isDirectory: isDirectory)) }
        }
        return found
    }
}

extension Errno {
    /// ENODEV: what the kernel answers for a file of a cgroup that is gone.
    static var noDevice: Errno { Errno(rawValue: Glibc.ENODEV) }
}
