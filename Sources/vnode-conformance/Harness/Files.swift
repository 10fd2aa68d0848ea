import CLinux
import Glibc
import Linux
import SystemPackage

extension Files {
    /// The content of a file, up to 8 MiB.
    static func text(_ path: String) throws(Errno) -> String { String(decoding: try read(path, limit: 8 << 20), as: UTF8.self) }

    /// The content of a file as sendfile(2) copies it.
    static func sent(_ path: String) throws(Errno) -> String {
        let file = try open(path, flags: O_RDONLY)
        let copy = OwnedFD(taking: try check(unsafe clinux_memfd("sent")))
        while try check(sendfile(copy.raw, file.raw, nil, 1 << 16)) > 0 {}
        guard lseek(copy.raw, 0, SEEK_SET) == 0 else { throw Errno(rawValue: errno) }
        return String(decoding: try read(copy, limit: 8 << 20), as: UTF8.self)
    }

    /// Names in a directory in the order they come, `.` and `..` left out. Empty when it cannot be read.
    static func names(_ path: String) -> [String] {
        guard let directory = unsafe opendir(path) else { return [] }
        defer { unsafe closedir(directory) }
        var found: [String] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            if name != ".", name != ".." { found.append(name) }
        }
        return found
    }

    static func status(_ path: String) throws(Errno) -> stat {
        var status = stat()
        _ = try check(unsafe lstat(path, &status))
        return status
    }

    static func exists(_ path: String) -> Bool { (try? status(path)) != nil }

    static func isDirectory(_ path: String) -> Bool { (try? status(path)).map { $0.st_mode & S_IFMT == S_IFDIR } ?? false }

    static func isRegular(_ path: String) -> Bool { (try? status(path)).map { $0.st_mode & S_IFMT == S_IFREG } ?? false }

    static func link(_ path: String) -> String? {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let size = unsafe bytes.withUnsafeMutableBytes { bytes in
            unsafe bytes.baseAddress.map { unsafe readlink(path, $0.assumingMemoryBound(to: CChar.self), bytes.count) } ?? -1
        }
        return size < 0 ? nil : String(decoding: bytes.prefix(size), as: UTF8.self)
    }

    /// Paths of everything below a directory, itself left out. Mounts are entered, symlinks are not followed.
    static func walk(_ top: String) -> [String] {
        names(top).flatMap { name -> [String] in
            let path = "\(top)/\(name)"
            return [path] + (isDirectory(path) ? walk(path) : [])
        }
    }

    /// Makes or replaces a file.
    static func put(_ text: String, at path: String, mode: UInt32 = 0o644) throws(Errno) {
        _ = try open(path, flags: O_WRONLY | O_CREAT | O_TRUNC, mode: mode)
        if !text.isEmpty { try write(text, to: path) }
        _ = try check(unsafe chmod(path, mode))
    }

    /// Reads an open file from the start in steps, with a rest between them.
    static func read(_ file: borrowing OwnedFD, step: Int, rest: useconds_t = 0) throws(Errno) -> String {
        _ = try check(Int(lseek(file.raw, 0, SEEK_SET)))
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: step)
        while true {
            let raw = file.raw
            let size = try check(unsafe buffer.withUnsafeMutableBytes { unsafe Glibc.read(raw, $0.baseAddress, $0.count) })
            if size == 0 { return String(decoding: all, as: UTF8.self) }
            all += buffer.prefix(size)
            if rest > 0 { usleep(rest) }
        }
    }
}
