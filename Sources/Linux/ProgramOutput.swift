import CLinux
import Glibc
public import SystemPackage

/// A program run to its end, and what it printed.
public struct ProgramOutput: Sendable, Equatable {
    public var status: CInt
    public var output: String
    public var errors: String

    public init(status: CInt, output: String, errors: String) {
        self.status = status
        self.output = output
        self.errors = errors
    }

    /// Runs `arguments`, its first the program's path, with this process's environment and nothing to read. Only for a process with
    /// one thread. 127: the program could not be executed.
    public static func of(_ arguments: [String]) throws(Errno) -> ProgramOutput {
        let output = OwnedFD(taking: try check(unsafe clinux_memfd("output")))
        let errors = OwnedFD(taking: try check(unsafe clinux_memfd("errors")))
        let nothing = try Files.open("/dev/null", flags: O_RDONLY)
        let program = try Files.open(arguments.first ?? "", flags: O_RDONLY)
        let (from, first, second) = (nothing.raw, output.raw, errors.raw)
        let child = try Processes.fork {
            guard dup2(from, 0) == 0, dup2(first, 1) == 1, dup2(second, 2) == 2 else { return 127 }
            // A script's interpreter opens it by this descriptor.
            _ = clinux_fcntl(program.raw, F_SETFD, 0)
            _ = Processes.execute(program, arguments, environment: Processes.environment)
            return 127
        }
        let status = try Processes.wait(child.pid).status
        return ProgramOutput(status: status, output: try text(output), errors: try text(errors))
    }

    private static func text(_ file: borrowing OwnedFD) throws(Errno) -> String {
        guard lseek(file.raw, 0, SEEK_SET) == 0 else { throw Errno(rawValue: errno) }
        return String(decoding: try Files.read(file, limit: 16 << 20), as: UTF8.self)
    }

    /// The program of a name, in PATH and where daemons' programs are.
    public static func find(_ name: String) -> String? {
        let given = unsafe getenv("PATH").map { unsafe String(cString: $0) } ?? ""
        let places = (given + ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin").split(separator: ":")
        return places.map { "\($0)/\(name)" }.first { unsafe access($0, X_OK) == 0 && Directories.kind($0) != .directory }
    }
}
