import Linux
public import SystemPackage

/// Why a command failed: `vnode: <stage>: <path>: <errno>`, and what to do about it.
public struct Failure: Error, CustomStringConvertible, Equatable {
    /// Exit statuses as `docker run` has them.
    public static let ownStatus: Int32 = 125
    public static let cannotExecute: Int32 = 126
    public static let notFound: Int32 = 127

    public let message: String
    public let status: Int32

    public init(_ message: String, status: Int32 = Failure.ownStatus) {
        self.message = message
        self.status = status
    }

    public init(_ stage: String, _ path: String, _ error: Errno, remedy: String? = nil) {
        self.init([stage, path, error.name].filter { !$0.isEmpty }.joined(separator: ": ") + (remedy.map { ": " + $0 } ?? ""))
    }

    public var description: String { message }
}

/// Runs system calls whose failure is a failure of `stage`.
func attempt<Result: ~Copyable>(
    _ stage: String, _ path: String = "", remedy: String? = nil, _ body: () throws(Errno) -> Result
) throws(Failure) -> Result {
    do { return try body() } catch { throw Failure(stage, path, error, remedy: remedy) }
}
