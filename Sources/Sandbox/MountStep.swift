import Glibc
import Linux
import SystemPackage

/// One action on a file tree being staged. A plan is a list of them, made by a pure function and carried out in order.
enum MountStep: Equatable {
    case directory(String, mode: UInt32 = 0o755, owner: UInt32 = 0)
    /// An empty file, to be mounted over.
    case file(String)
    case link(String, to: String, owner: UInt32 = 0)
    case text(String, [UInt8], mode: UInt32 = 0o644, owner: UInt32 = 0)
    case filesystem(String, at: String, Mounts.Flags = [], options: String = "")
    case bind(String, over: String, readOnly: Bool = false)
    /// One of the node's directories, read-only, without the name of the disk it is on.
    case node(String, over: String)
    /// A bind with all that is mounted below.
    case tree(String, over: String)
    /// A bind over an entry of procfs, which may have gone since it was listed: from the procfs no vNode has in sight as well.
    case cover(String, over: String, unlessGone: String? = nil)
    /// An entry of procfs, if there is one, that nobody but the node's root may open from now on.
    case close(String)
}

extension MountStep {
    static func perform(_ steps: [MountStep], _ stage: String) throws(Failure) {
        for step in steps {
            try attempt(stage, step.path) { () throws(Errno) in try step.perform() }
        }
    }

    var path: String {
        switch self {
        case .directory(let path, _, _), .file(let path), .close(let path), .link(let path, _, _), .text(let path, _, _, _): path
        case .filesystem(_, let path, _, _), .bind(_, let path, _), .node(_, let path), .tree(_, let path), .cover(_, let path, _): path
        }
    }

    func perform() throws(Errno) {
        switch self {
        case .directory(let path, let mode, let owner):
            try Directories.make(path, mode: mode)
            // mkdir drops the sticky bit and obeys the umask.
            if mode != 0o755 { _ = try check(unsafe chmod(path, mode)) }
            if owner != 0 { try Directories.setOwner(path, uid: owner, gid: owner) }
        case .file(let path):
            _ = try Files.open(path, flags: O_WRONLY | O_CREAT, mode: 0o644)
        case .link(let path, let target, let owner):
            try Directories.link(path, to: target)
            if owner != 0 { try Directories.setOwner(path, uid: owner, gid: owner) }
        case .text(let path, let bytes, let mode, let owner):
            _ = try Files.open(path, flags: O_WRONLY | O_CREAT | O_EXCL, mode: mode)
            if !bytes.isEmpty { try Files.write(bytes, to: path) }
            if owner != 0 { try Directories.setOwner(path, uid: owner, gid: owner) }
        case .filesystem(let type, let path, let flags, let options):
            try Mounts.mount(type == "tmpfs" ? "vnode" : type, on: path, type: type, flags, data: options)
        case .bind(let source, let path, let readOnly):
            try Mounts.mount(source, on: path, .bind)
            if readOnly { try Mounts.setReadOnly(path) }
        case .node(let source, let path):
            do throws(Errno) { try NamelessBind.mount(source, over: path) } catch { try Mounts.mount(source, on: path, .bind) }
            try Mounts.setReadOnly(path)
        case .tree(let source, let path):
            try Mounts.mount(source, on: path, [.bind, .recursive])
        case .close(let path):
            // Its owner is root of the namespace's user namespace, who could take it back.
            guard Directories.kind(path) != nil else { return }
            try Directories.setOwner(path, uid: 0, gid: 0)
            _ = try check(unsafe chmod(path, 0))
        case .cover(let source, let path, let listed):
            do throws(Errno) { try Mounts.mount(source, on: path, .bind) } catch {
                guard error == .noSuchFileOrDirectory, Directories.kind(listed ?? path) == nil else { throw error }
            }
        }
    }
}
