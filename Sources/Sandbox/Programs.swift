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

    /// The engine at a path or of a name, or runc.
    static func engine(_ wanted: String? = nil) throws(Failure) -> Engine {
        if let wanted {
            guard let found = wanted.contains("/") ? wanted : inPath(wanted), isExecutable(found) else {
                throw Failure("the engine \(wanted) is not there, or no program: see VNODE_ENGINE")
            }
            return try Engine(path: found)
        }
        guard let found = inPath("runc") else { throw Failure("runc is not in PATH: install it (apt-get install runc)") }
        return try Engine(path: found)
    }

    /// One of the machine's.
    static func found(_ name: String, package: String) throws(Failure) -> String {
        guard let found = inPath(name) else { throw Failure("\(name) is not in PATH: install it (apt-get install \(package))") }
        return found
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
    private let program: OwnedFD

    init(path: String) throws(Failure) {
        self.path = path
        program = try attempt("opening", path) { () throws(Errno) in try Files.open(path, flags: O_RDONLY) }
        var start: (UInt8, UInt8) = (0, 0)
        // It is executed by its descriptor, by which no interpreter could read it.
        guard unsafe pread(program.raw, &start, 2, 0) != 2 || start != (0x23, 0x21) else {
            throw Failure("the engine \(path) is a script: name the program it starts")
        }
    }

    /// Without symlinks: what such a one leads to may be another engine tomorrow.
    var realPath: String {
        guard let real = unsafe realpath(path, nil) else { return path }
        defer { unsafe free(real) }
        return unsafe String(cString: real)
    }

    /// Becomes the engine. Answers only when that failed.
    ///
    /// From the present mount namespace if it has the same file: runc protects itself by a read-only bind of its program, and
    /// can bind only what is mounted in its own namespace. Otherwise it copies itself to memory at every start, and sealing the copy
    /// fails with EBUSY while the kernel holds one of its pages (memory reclaim, compaction).
    func execute(_ arguments: [String], environment: [String]) -> Errno {
        guard let same = try? Files.open(path, flags: O_RDONLY), Engine.isSame(same, program) else {
            return Processes.execute(program, arguments, environment: environment)
        }
        return Processes.execute(same, arguments, environment: environment)
    }

    private static func isSame(_ one: borrowing OwnedFD, _ other: borrowing OwnedFD) -> Bool {
        var (first, second) = (stat(), stat())
        guard unsafe fstat(one.raw, &first) == 0, unsafe fstat(other.raw, &second) == 0 else { return false }
        return first.st_dev == second.st_dev && first.st_ino == second.st_ino
    }
}
