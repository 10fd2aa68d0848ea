import Glibc
public import SystemPackage

extension Directories {
    /// Opens a directory of a process whose root is `root`, and makes what is missing on the way. Symlinks cannot lead out.
    public static func makeInside(_ path: String, root: borrowing OwnedFD, owner: UInt32) throws(Errno) -> OwnedFD {
        var way = ""
        for part in path.split(separator: "/") where part != "." {
            if part == ".." { throw .invalidArgument }
            let above = try Files.openInside(way.isEmpty ? "/" : way, root: root)
            way += "/" + part
            if unsafe mkdirat(above.raw, String(part), 0o755) < 0 {
                let error = Errno(rawValue: errno)
                if error != .fileExists { throw error }
            } else {
                _ = try check(unsafe fchownat(above.raw, String(part), owner, owner, AT_SYMLINK_NOFOLLOW))
            }
        }
        return try Files.openInside(way.isEmpty ? "/" : way, root: root)
    }
}
