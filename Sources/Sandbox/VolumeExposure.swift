import Glibc

/// Whether users of the node can run what root of a vNode leaves in a volume. A set-uid program there is one of the node's root's to them.
enum VolumeExposure {
    /// Whether everybody gets to `path`, which is absolute and has no symlinks. Its own mode is no help, as root of the vNode may change it.
    /// `mode` is that of a directory of the node, nil when there is none.
    static func isReachable(_ path: String, mode: (String) -> mode_t?) -> Bool {
        var way = ""
        for part in path.split(separator: "/") {
            guard let found = mode(way.isEmpty ? "/" : way), found & S_IXOTH != 0 else { return false }
            way += "/" + part
        }
        return true
    }

    static func mode(of path: String) -> mode_t? {
        var status = stat()
        return unsafe lstat(path, &status) == 0 ? status.st_mode : nil
    }

    /// What to tell who gave the volume.
    static func warning(_ source: String) -> String {
        "vnode: --volume \(source): every user of this machine gets there, and set-uid programs that root of the vNode leaves in it are "
            + "root's to them: keep it below a directory of mode 0700, mount it nosuid, or give it as :ro"
    }
}
