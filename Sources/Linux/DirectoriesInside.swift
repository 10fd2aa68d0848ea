import CLinux
import Glibc
public import SystemPackage

extension Directories {
    /// Opens a directory of a process whose root is `root`, and makes what is missing on the way. Symlinks cannot lead out. EPERM where it
    /// would be one of procfs, sysfs or cgroup2: a directory is a cgroup there.
    ///
    /// What is made is the owner's at once, by no second look at the name: whoever can rename there may have put a mount in its place.
    public static func makeInside(_ path: String, root: borrowing OwnedFD, owner: UInt32) throws(Errno) -> OwnedFD {
        var way = ""
        // By bytes: with the combining mark that may follow it a "/" is another Character, and would be in the name of a part.
        for part in path.utf8.split(separator: 0x2f).map({ String(Substring($0)) }) where part != "." {
            if part == ".." { throw .invalidArgument }
            let above = try Files.openInside(way.isEmpty ? "/" : way, root: root)
            way += "/" + part
            // On file systems that are the vNode's own: it is looked for first.
            if (try? Files.openInside(way, root: root)) != nil { continue }
            if Files.isKernelFile(above.raw) { throw .notPermitted }
            if unsafe clinux_make_directory_as(above.raw, part, 0o755, owner) < 0 {
                let error = Errno(rawValue: errno)
                if error != .fileExists { throw error }
            }
        }
        return try Files.openInside(way.isEmpty ? "/" : way, root: root)
    }
}
