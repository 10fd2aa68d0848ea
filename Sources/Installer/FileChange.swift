import Glibc
import Linux
import SystemPackage

/// Files changed together: all of them, or none.
struct FileChange: ~Copyable {
    private var before: [(path: String, content: [UInt8]?, mode: UInt32)] = []
    private(set) var changed: [String] = []

    /// Puts `content` at `path` at once, if it is not there already; nil takes the file away.
    mutating func set(_ path: String, _ content: [UInt8]?, mode: UInt32 = 0o644) throws(InstallError) {
        let old = FileChange.read(path)
        if FileChange.isSame(old, content) { return }
        before.append((path, old, FileChange.mode(path) ?? mode))
        changed.append(path)
        try FileChange.write(path, content, mode: FileChange.mode(path) ?? mode)
    }

    /// Puts everything back as it was.
    mutating func undo() throws(InstallError) {
        for (path, content, mode) in before.reversed() { try FileChange.write(path, content, mode: mode) }
        before = []
        changed = []
    }

    /// Programs are megabytes, and without optimization == looks at each byte by itself.
    private static func isSame(_ one: [UInt8]?, _ other: [UInt8]?) -> Bool {
        guard let one, let other else { return one == nil && other == nil }
        return unsafe one.count == other.count && memcmp(one, other, one.count) == 0
    }

    static func read(_ path: String) -> [UInt8]? { try? Files.read(path, limit: 1 << 28) }

    static func text(_ path: String) -> String? { read(path).map { String(decoding: $0, as: UTF8.self) } }

    private static func mode(_ path: String) -> UInt32? {
        var status = stat()
        return unsafe lstat(path, &status) == 0 ? status.st_mode & 0o7777 : nil
    }

    static func write(_ path: String, _ content: [UInt8]?, mode: UInt32) throws(InstallError) {
        guard let content else {
            if unsafe unlink(path) != 0, errno != ENOENT { throw InstallError("removing: \(path): \(Errno(rawValue: errno).name)") }
            return
        }
        if let slash = path.lastIndex(of: "/"), slash != path.startIndex {
            try attempt("making", String(path[..<slash])) { () throws(Errno) in try Directories.makeAll(String(path[..<slash]), mode: 0o755)
            }
        }
        let new = path + ".vnode-new"
        try attempt("writing", new) { () throws(Errno) in
            let file = try Files.open(new, flags: O_WRONLY | O_CREAT | O_TRUNC, mode: mode)
            _ = try check(fchmod(file.raw, mode))
            var written = 0
            while written < content.count {
                written += try check(
                    unsafe content.withUnsafeBytes {
                        unsafe Glibc.write(file.raw, $0.baseAddress?.advanced(by: written), $0.count - written)
                    })
            }
            // The name must not be there before the content, whatever happens to the machine.
            _ = try check(fsync(file.raw))
            _ = try check(unsafe rename(new, path))
        }
    }
}
