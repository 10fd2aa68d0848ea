import CAdversary
import Glibc
import Linux
import SystemPackage

/// Requests made by io_uring.
enum Uring {
    static func open(_ path: String, flags: CInt = O_RDONLY) throws(Refused) -> CInt {
        let result = unsafe cadversary_uring_openat(AT_FDCWD, path, flags)
        if result < 0 { throw Refused(call: "io_uring openat", error: Errno(rawValue: CInt(-result))) }
        return CInt(result)
    }
}

/// ioctl(2): variadic.
func control(_ file: CInt, _ request: UInt, _ argument: Int = 0) throws(Refused) -> Int {
    let result = cadversary_ioctl(file, request, argument)
    if result < 0 { throw Refused(call: "ioctl", error: Errno(rawValue: CInt(-result))) }
    return result
}
