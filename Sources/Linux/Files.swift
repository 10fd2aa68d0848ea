import CLinux
import Glibc
public import SystemPackage

/// Opening and reading by descriptor. Every descriptor is close-on-exec.
public enum Files {
    /// O_PATH, a GNU extension: a place to look at, not to read.
    public static let place: CInt = 0o1000_0000

    /// Opens `path` below `directory` (`AT_FDCWD` when nil). errno as openat(2).
    public static func open(_ path: String, below directory: CInt = AT_FDCWD, flags: CInt, mode: UInt32 = 0) throws(Errno) -> OwnedFD {
        while true {
            let raw = unsafe clinux_openat(directory, path, flags | O_CLOEXEC, mode)
            if raw >= 0 { return OwnedFD(taking: raw) }
            let error = Errno(rawValue: errno)
            if error != .interrupted { throw error }
        }
    }

    /// Reads `path` to its end, but at most `limit` bytes: a longer file is EFBIG, never a cut one.
    public static func read(_ path: String, below directory: CInt = AT_FDCWD, limit: Int = 1 << 20) throws(Errno) -> [UInt8] {
        let file = try open(path, below: directory, flags: O_RDONLY)
        return try read(file, limit: limit)
    }

    /// Reads an open file from its position to its end, at most `limit` bytes.
    public static func read(_ file: borrowing OwnedFD, limit: Int = 1 << 20) throws(Errno) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 4096)
        var used = 0
        while true {
            if used == bytes.count {
                if used >= limit { throw .fileTooLarge }
                bytes.append(contentsOf: repeatElement(0, count: min(bytes.count, limit - used)))
            }
            let room = bytes.count - used
            let raw = file.raw
            let got = unsafe bytes.withUnsafeMutableBytes { unsafe Glibc.read(raw, $0.baseAddress?.advanced(by: used), room) }
            if got < 0 {
                let error = Errno(rawValue: errno)
                if error == .interrupted { continue }
                throw error
            }
            if got == 0 { break }
            used += got
        }
        bytes.removeLast(bytes.count - used)
        return bytes
    }

    /// Writes all of `bytes` to `path` in one write(2), as kernel interface files want it.
    public static func write(_ bytes: [UInt8], to path: String, below directory: CInt = AT_FDCWD) throws(Errno) {
        let file = try open(path, below: directory, flags: O_WRONLY)
        let raw = file.raw
        let size = try check(unsafe bytes.withUnsafeBytes { unsafe Glibc.write(raw, $0.baseAddress, $0.count) })
        if size != bytes.count { throw .ioError }
    }

    /// Writes all of `bytes` to an open file in one write(2).
    public static func write(_ bytes: [UInt8], to file: borrowing OwnedFD) throws(Errno) {
        let raw = file.raw
        let size = try check(unsafe bytes.withUnsafeBytes { unsafe Glibc.write(raw, $0.baseAddress, $0.count) })
        if size != bytes.count { throw .ioError }
    }

    public static func write(_ text: String, to path: String, below directory: CInt = AT_FDCWD) throws(Errno) {
        try write(Array(text.utf8), to: path, below: directory)
    }

    /// What `path` means to a process whose root is `root`, as a descriptor to look at (O_PATH). Symlinks cannot lead out.
    public static func openInside(_ path: String, root: borrowing OwnedFD) throws(Errno) -> OwnedFD {
        OwnedFD(taking: try check(unsafe clinux_open_inside(root.raw, path)))
    }

    /// The type of the file system it is on, as statfs(2) has it.
    public static func fileSystem(of file: borrowing OwnedFD) throws(Errno) -> Int {
        try check(Int(clinux_filesystem(file.raw)))
    }
}
