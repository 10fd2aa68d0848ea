import Glibc
public import SystemPackage

/// Directories and the entries in them.
public enum Directories {
    public enum Kind: Sendable, Equatable {
        case file, directory, symlink, other
    }

    public struct Entry: Sendable, Equatable {
        public let name: String
        public let kind: Kind
    }

    /// Entries without `.` and `..`, in the directory's order.
    public static func list(_ path: String, below directory: CInt = AT_FDCWD) throws(Errno) -> [Entry] {
        let descriptor = try Files.open(path, below: directory, flags: O_RDONLY | O_DIRECTORY).release()
        guard let stream = unsafe fdopendir(descriptor) else {
            let error = Errno(rawValue: errno)
            _ = close(descriptor)
            throw error
        }
        defer { _ = unsafe closedir(stream) }
        var entries: [Entry] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name == "." || name == ".." { continue }
            let kind: Kind =
                switch unsafe CInt(entry.pointee.d_type) {
                case CInt(DT_DIR): .directory
                case CInt(DT_LNK): .symlink
                case CInt(DT_REG): .file
                default: .other
                }
            entries.append(Entry(name: name, kind: kind))
        }
        return entries
    }

    /// What is at `path`, a symlink itself; nil when there is nothing.
    public static func kind(_ path: String, below directory: CInt = AT_FDCWD) -> Kind? {
        var information = stat()
        guard unsafe fstatat(directory, path, &information, AT_SYMLINK_NOFOLLOW) == 0 else { return nil }
        switch information.st_mode & S_IFMT {
        case S_IFDIR: return .directory
        case S_IFLNK: return .symlink
        case S_IFREG: return .file
        default: return .other
        }
    }

    public static func isDirectory(_ place: borrowing OwnedFD) throws(Errno) -> Bool {
        var information = stat()
        _ = try check(unsafe fstat(place.raw, &information))
        return information.st_mode & S_IFMT == S_IFDIR
    }

    /// EEXIST when there is one already.
    public static func make(_ path: String, below directory: CInt = AT_FDCWD, mode: UInt32 = 0o755) throws(Errno) {
        _ = try check(unsafe mkdirat(directory, path, mode))
    }

    /// Makes the directory and those above it that are missing.
    public static func makeAll(_ path: String, mode: UInt32 = 0o755) throws(Errno) {
        if kind(path) != nil { return }
        if let slash = path.lastIndex(of: "/"), slash != path.startIndex { try makeAll(String(path[..<slash]), mode: mode) }
        do { try make(path, mode: mode) } catch { if error != .fileExists { throw error } }
    }

    /// rmdir(2).
    public static func remove(_ path: String, below directory: CInt = AT_FDCWD) throws(Errno) {
        _ = try check(unsafe unlinkat(directory, path, AT_REMOVEDIR))
    }

    /// Removes a directory and everything in it, symlinks not followed. What is already gone is no error.
    public static func removeTree(_ path: String, below directory: CInt = AT_FDCWD) throws(Errno) {
        do throws(Errno) {
            let opened = try Files.open(path, below: directory, flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
            for entry in try list(".", below: opened.raw) {
                if entry.kind == .directory {
                    try removeTree(entry.name, below: opened.raw)
                } else if unsafe unlinkat(opened.raw, entry.name, 0) < 0, errno != ENOENT {
                    throw Errno(rawValue: errno)
                }
            }
            try remove(path, below: directory)
        } catch {
            if error != .noSuchFileOrDirectory { throw error }
        }
    }

    public static func setOwner(_ path: String, uid: UInt32, gid: UInt32) throws(Errno) { _ = try check(unsafe lchown(path, uid, gid)) }

    public static func link(_ path: String, to target: String) throws(Errno) { _ = try check(unsafe symlink(target, path)) }

    public static func readLink(_ path: String) throws(Errno) -> String {
        var bytes = [CChar](repeating: 0, count: 4096)
        let room = bytes.count
        let size = try check(unsafe readlink(path, &bytes, room))
        return String(decoding: bytes.prefix(size).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
