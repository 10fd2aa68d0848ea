import SystemPackage
import Text

/// The directories from a view's cgroup up to its vNode's top, held open.
struct CgroupPath: Sendable {
    /// The view's own first, the top last; never empty.
    private let directories: [Directory]
    let own: Directory

    /// EINVAL unless `cgroup` is `top` or below it, both absolute and without `..`. Directories that `other` holds are shared with it.
    init(cgroup: String, top: String, sharing other: CgroupPath? = nil) throws(Errno) {
        var parts = cgroup.split(separator: "/")
        let above = top.split(separator: "/")
        guard cgroup.utf8.first == 0x2f, top.utf8.first == 0x2f, parts.starts(with: above), !parts.contains("..") else {
            throw .invalidArgument
        }
        var found: [Directory] = []
        while parts.count >= above.count {
            let path = "/" + parts.joined(separator: "/")
            if let held = other?.directories.first(where: { $0.path == path && $0.isStillThere }) {
                found.append(held)
            } else {
                found.append(try Directory(path))
            }
            if parts.isEmpty { break }
            parts.removeLast()
        }
        guard let own = found.first else { throw .invalidArgument }
        directories = found
        self.own = own
    }

    /// A file of the view's own cgroup; nil when its controller is not there.
    func read(_ file: CgroupFile) throws(Errno) -> [UInt8]? { try CgroupPath.read(file, own) }

    /// The file at every level that has it, the view's own first.
    func levels(_ file: CgroupFile) throws(Errno) -> [[UInt8]] {
        var found: [[UInt8]] = []
        for directory in directories {
            if let bytes = try CgroupPath.read(file, directory) { found.append(bytes) }
        }
        return found
    }

    /// The absolute paths of the file at every level that has it.
    func paths(_ name: String) -> [String] {
        directories.filter { $0.exists(name) }.map { $0.path + "/" + name }
    }

    /// A missing file is a missing controller only while the cgroup is there: in a removed one every file is missing, and that is
    /// ENODEV, so that nobody mistakes it for a cgroup without limits.
    static func read(_ file: CgroupFile, _ directory: Directory, limit: Int = 1 << 20) throws(Errno) -> [UInt8]? {
        do {
            return try directory.read(file, limit: limit)
        } catch .noSuchFileOrDirectory {
            if directory.exists("cgroup.procs") { return nil }
            throw .noDevice
        } catch .notSupported {
            return nil
        }
    }

    /// The least of a limit over the levels; `max` is none.
    func least(_ file: CgroupFile) throws(Errno) -> UInt64? { try limits(file).map(\.most).min() }

    /// A limit at each level that has one, the view's own first.
    func limits(_ file: CgroupFile) throws(Errno) -> [Limit] {
        var found: [Limit] = []
        for directory in directories {
            guard let most = try CgroupPath.read(file, directory).flatMap({ Digits.parse(file: $0) }) else { continue }
            found.append(Limit(level: directory, most: most))
        }
        return found
    }

    struct Limit {
        let level: Directory
        let most: UInt64
    }

    /// What is used of a limit above the view's own; nil for the view's own, and where nobody knows.
    func used(_ file: CgroupFile, of limit: Limit) throws(Errno) -> UInt64? {
        limit.level === own ? nil : try CgroupPath.read(file, limit.level).flatMap { Digits.parse(file: $0) }
    }
}
