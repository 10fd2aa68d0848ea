import Glibc
public import Linux
import SystemPackage

/// The programs of the node that installing asks. Tests have another one.
public protocol Node {
    /// Runs a program of PATH; nil when there is none of that name.
    func run(_ arguments: [String]) -> ProgramOutput?
    func pause(milliseconds: UInt32)
}

public struct RealNode: Node {
    public init() {}

    public func run(_ arguments: [String]) -> ProgramOutput? {
        guard let name = arguments.first, let path = ProgramOutput.find(name) else { return nil }
        return try? ProgramOutput.of([path] + arguments.dropFirst())
    }

    public func pause(milliseconds: UInt32) { usleep(milliseconds * 1000) }
}

/// Why nothing was installed, or taken away.
public struct InstallError: Error, CustomStringConvertible, Equatable {
    public let description: String
    public init(_ description: String) { self.description = description }
}

/// Runs system calls whose failure is a failure of `stage`.
func attempt<Result: ~Copyable>(_ stage: String, _ path: String, _ body: () throws(Errno) -> Result) throws(InstallError) -> Result {
    do { return try body() } catch { throw InstallError("\(stage): \(path): \(error.name)") }
}
