import Glibc
import Linux
import SystemPackage

/// What an option names on the node, looked up once. A name on the way may mean something else the next time: whoever may write to a
/// directory above it can put a symlink there meanwhile.
struct NodePlace: ~Copyable {
    let descriptor: OwnedFD
    /// Where it was found, without symlinks.
    let path: String
    /// `S_IFDIR` and the like.
    let kind: mode_t
    /// The mount it is on gives set-uid programs no power.
    let isNoSetUID: Bool

    init(_ path: String) throws(Errno) {
        let opened = try NodePlace.open(path)
        var status = stat()
        _ = try check(unsafe fstat(opened.raw, &status))
        let found = try Directories.readLink("/proc/self/fd/\(opened.raw)")
        self.path = found
        kind = status.st_mode & S_IFMT
        var mount = statvfs()
        // ST_NOSUID.
        isNoSetUID = unsafe fstatvfs(opened.raw, &mount) == 0 && mount.f_flag & 2 != 0
        descriptor = opened
    }

    private static func open(_ path: String) throws(Errno) -> OwnedFD {
        // Asked for a directory the kernel mounts what autofs has there.
        do throws(Errno) { return try Files.open(path, flags: Files.place | O_DIRECTORY) } catch {
            guard error == .notDirectory else { throw error }
            return try Files.open(path, flags: Files.place)
        }
    }
}
