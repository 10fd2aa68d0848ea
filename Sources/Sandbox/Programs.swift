import Glibc
import Linux
import SystemPackage

/// Where the programs are that the launcher runs.
enum Programs {
    static let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    /// One of this project's own: beside the running program, in its libexec, or in PATH.
    static func own(_ name: String) throws(Failure) -> String {
        if let me = try? Directories.readLink("/proc/self/exe"), let slash = me.lastIndex(of: "/") {
            for place in [String(me[..<slash]), String(me[..<slash]) + "/../libexec/vnode"] where isExecutable("\(place)/\(name)") {
                return "\(place)/\(name)"
            }
        }
        if let found = inPath(name) { return found }
        throw Failure("\(name) is neither beside vnode nor in PATH: install it (make install)")
    }

    static func engine() throws(Failure) -> Engine {
        guard let found = inPath("runc") else { throw Failure("runc is not in PATH: install it (apt-get install runc)") }
        return try Engine(path: found)
    }

    private static func inPath(_ name: String) -> String? {
        let given = unsafe getenv("PATH").map { unsafe String(cString: $0) } ?? ""
        return (given + ":" + path).split(separator: ":").map { "\($0)/\(name)" }.first(where: isExecutable)
    }

    private static func isExecutable(_ path: String) -> Bool { unsafe access(path, X_OK) == 0 && Directories.kind(path) != .directory }
}

/// The OCI engine, opened while its path still means something.
final class Engine {
    let path: String
    let program: OwnedFD

    init(path: String) throws(Failure) {
        self.path = path
        program = try attempt("opening", path) { () throws(Errno) in try Files.open(path, flags: O_RDONLY) }
    }
}
