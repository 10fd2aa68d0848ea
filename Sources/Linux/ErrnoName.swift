import CLinux
import Glibc
public import SystemPackage

extension Errno {
    /// `EPERM`
    public var name: String { unsafe String(cString: clinux_errno_name(rawValue)) }
}
