import CLinux
import Glibc
public import SystemPackage

/// A file descriptor with one owner, closed when the owner lets go of it. Everybody else borrows.
public struct OwnedFD: ~Copyable, Sendable {
    public let raw: CInt

    /// Takes ownership of an open descriptor.
    public init(taking raw: CInt) { self.raw = raw }

    deinit { _ = close(raw) }

    /// Gives up ownership: the caller closes.
    public consuming func release() -> CInt {
        let raw = raw
        discard self
        return raw
    }

    /// A second descriptor of the same open file, close-on-exec.
    public borrowing func duplicate() throws(Errno) -> OwnedFD {
        OwnedFD(taking: try check(clinux_fcntl(raw, F_DUPFD_CLOEXEC, 0)))
    }
}

/// The result of a system call, or the errno it left. Call it on the line of the system call: nothing may run between.
@inline(__always)
public func check(_ result: CInt) throws(Errno) -> CInt {
    if result < 0 { throw Errno(rawValue: errno) }
    return result
}

/// The same for calls that answer a size.
@inline(__always)
public func check(_ result: Int) throws(Errno) -> Int {
    if result < 0 { throw Errno(rawValue: errno) }
    return result
}

public enum Descriptors {
    /// The next program gets it too.
    public static func keepOnExecute(_ descriptor: CInt) throws(Errno) { _ = try check(clinux_fcntl(descriptor, F_SETFD, 0)) }
}
