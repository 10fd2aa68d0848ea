import Glibc
public import SystemPackage

extension Directories {
    /// Opens a directory of a process whose root is `root`, and makes what is missing on the way. Symlinks cannot lead out.
    public static func makeInside(_ path: String, root: borrowing OwnedFD, owner: UInt32) throws(Errno) -> OwnedFD {
        var way = ""
        // By bytes: with the combining mark that may follow it a "/" is another Character, and would be in the name of a part.
        for part in path.utf8.split(separator: 0x2f).map({ String(Substring($0)) }) where part != "." {
            if part == ".." { throw .invalidArgument }
            let above = try Files.openInside(way.isEmpty ? "/" : way, root: root)
            way += "/" + part
            if unsafe mkdirat(above.raw, part, 0o755) < 0 {
                let error = Errno(rawValue: errno)
                if error != .fileExists { throw error }
            } else {
                _ = try check(unsafe fchownat(above.raw, part, owner, owner, AT_SYMLINK_NOFOLLOW))
            }
        }
        return try Files.openInside(way.isEmpty ? "/" : way, root: root)
    }
}
