import CLinux
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
        try names(path, below: directory).map { name, kind in
            Entry(name: String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self), kind: kind)
        }
    }

    /// The same by names as they are, with the zero at their end: a file may have a name that is no text.
    private static func names(_ path: String, below directory: CInt) throws(Errno) -> [(name: [CChar], kind: Kind)] {
        let descriptor = try Files.open(path, below: directory, flags: O_RDONLY | O_DIRECTORY).release()
        guard let stream = unsafe fdopendir(descriptor) else {
            let error = Errno(rawValue: errno)
            _ = close(descriptor)
            throw error
        }
        defer { _ = unsafe closedir(stream) }
        var entries: [(name: [CChar], kind: Kind)] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { unsafe $0.prefix { $0 != 0 }.map { CChar(bitPattern: $0) } }
            if name == [0x2e] || name == [0x2e, 0x2e] { continue }
            let kind: Kind =
                switch unsafe CInt(entry.pointee.d_type) {
                case CInt(DT_DIR): .directory
                case CInt(DT_LNK): .symlink
                case CInt(DT_REG): .file
                default: .other
                }
            entries.append((name + [0], kind))
        }
        return entries
    }

    /// Calls `body` with each directory in an open one, opened, and its name as `names` has it. One that goes meanwhile is none.
    public static func eachDirectory(
        in directory: borrowing OwnedFD, _ body: (borrowing OwnedFD, [CChar]) throws(Errno) -> Void
    ) throws(Errno) {
        let raw = directory.raw
        for entry in try names(".", below: raw) where entry.kind == .directory {
            do throws(Errno) {
                let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
                let opened = OwnedFD(taking: try check(unsafe clinux_openat(raw, entry.name, flags, 0)))
                try body(opened, entry.name)
            } catch {
                if error != .noSuchFileOrDirectory { throw error }
            }
        }
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

    /// rmdir(2) of a directory after those in it, whatever their names are. ENOENT: `path` itself is gone.
    public static func removeDirectories(_ path: String) throws(Errno) {
        let opened = try Files.open(path, flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
        try removeDirectories(in: opened)
        try remove(path)
    }

    private static func removeDirectories(in directory: borrowing OwnedFD) throws(Errno) {
        let raw = directory.raw
        try eachDirectory(in: directory) { (below: borrowing OwnedFD, name) throws(Errno) in
            try removeDirectories(in: below)
            _ = try check(unsafe unlinkat(raw, name, AT_REMOVEDIR))
        }
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
