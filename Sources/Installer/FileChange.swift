import Glibc
import Linux
import SystemPackage

/// Files changed together: all of them, or none.
struct FileChange: ~Copyable {
    private struct Before {
        var path: String
        var content: [UInt8]?
        var mode: UInt32
        /// Where it led, when a symlink was taken away.
        var link: String?
    }

    private var before: [Before] = []
    private(set) var changed: [String] = []

    /// Puts `content` at `path` at once, if it is not there already; nil takes the file away. Of a symlink the file it leads to is
    /// replaced, and the symlink itself taken away.
    mutating func set(_ path: String, _ content: [UInt8]?, mode: UInt32 = 0o644) throws(InstallError) {
        let old = FileChange.read(path)
        if FileChange.isSame(old, content) { return }
        let place = content == nil ? path : try FileChange.place(path)
        let kept = FileChange.mode(place) ?? mode
        before.append(Before(path: place, content: old, mode: kept, link: content == nil ? try? Directories.readLink(path) : nil))
        changed.append(path)
        try FileChange.write(place, content, mode: kept)
    }

    /// Puts everything back as it was.
    mutating func undo() throws(InstallError) {
        for one in before.reversed() {
            if let link = one.link {
                try attempt("putting back", one.path) { () throws(Errno) in try Directories.link(one.path, to: link) }
            } else {
                try FileChange.write(one.path, one.content, mode: one.mode)
            }
        }
        before = []
        changed = []
    }

    /// Where what `path` leads to is: a file renamed to a symlink's name would replace the symlink.
    private static func place(_ path: String) throws(InstallError) -> String {
        guard Directories.kind(path) == .symlink else { return path }
        guard let real = unsafe realpath(path, nil) else {
            throw InstallError("writing: \(path): a symlink that leads nowhere: \(Errno(rawValue: errno).name)")
        }
        defer { unsafe free(real) }
        let place = unsafe String(cString: real)
        // A unit that is masked leads to /dev/null.
        guard Directories.kind(place) == .file else {
            throw InstallError("writing: \(path): leads to \(place), which is no file: is it masked?")
        }
        return place
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
        return unsafe stat(path, &status) == 0 ? status.st_mode & 0o7777 : nil
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
