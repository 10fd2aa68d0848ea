import Glibc
import Linux
import SystemPackage

/// The cgroup of a container, made before the engine does: the view is bound to it.
struct ContainerCgroup {
    /// On the node.
    let path: String
    let top: String
    /// What was not there before, the topmost first.
    private(set) var made: [String] = []

    init(_ place: CgroupsPath, root: CgroupRoot) {
        path = root.path + place.directory
        top = place.top == "/" ? root.path : root.path + place.top
    }

    /// Makes it and what is above it, with the controllers a view reads. What is above may vanish in between: a create that failed takes
    /// away what it made.
    mutating func make(root: CgroupRoot) throws(Failure) {
        var missing = ""
        for _ in 0..<100 {
            guard let gone = try makeWay(root) else { return }
            missing = gone
        }
        throw Failure("making the cgroup", missing, .noSuchFileOrDirectory)
    }

    /// Answers what could not be made because what is above it has gone.
    private mutating func makeWay(_ root: CgroupRoot) throws(Failure) -> String? {
        var way = root.path
        for part in path.dropFirst(root.path.count).split(separator: "/") {
            Cgroup.enable(CgroupRoot.controllers(of: way).filter { Cgroup.wanted.contains($0) }, in: way)
            way += "/" + part
            do throws(Errno) {
                try Directories.make(way)
                if !made.contains(way) { made.append(way) }
            } catch {
                if error == .noSuchFileOrDirectory { return way }
                if error != .fileExists { throw Failure("making the cgroup", way, error) }
            }
        }
        return nil
    }

    /// Whether the engine has put a process where the view looks, or below: with systemd's driver crun makes a cgroup `container` there.
    func holds(_ pid: Int32, root: CgroupRoot) -> Bool {
        guard let bytes = try? Files.read("/proc/\(pid)/cgroup") else { return false }
        return ContainerCgroup.isIn(String(decoding: bytes, as: UTF8.self), path: String(path.dropFirst(root.path.count)))
    }

    /// `text` is a `/proc/<pid>/cgroup`.
    static func isIn(_ text: String, path: String) -> Bool {
        text.split(separator: "\n").contains { $0 == "0::" + path || $0.hasPrefix("0::\(path)/") }
    }

    /// Removes what is empty of what was made. Whoever else is in one keeps it.
    static func remove(_ made: [String]) {
        for path in made.reversed() { try? Directories.remove(path) }
    }
}
