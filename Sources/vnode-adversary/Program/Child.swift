import CLinux
import Glibc
import Linux
import SystemPackage

/// fork(2) by fork(2): a filter may not let clone3 through.
enum Child {
    static func fork(_ body: () -> CInt) throws(Errno) -> Int32 {
        let pid = try check(clinux_fork())
        if pid == 0 { _exit(body()) }
        return pid
    }
}
