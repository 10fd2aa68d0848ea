import CLinux
import Glibc
public import SystemPackage

/// flock(2): a lock that ends with the last process that holds its open file.
public enum Locks {
    public enum Mode: Sendable {
        case exclusive, shared

        var flag: CInt { self == .exclusive ? LOCK_EX : LOCK_SH }
    }

    /// Waits for the lock.
    public static func lock(_ file: borrowing OwnedFD, _ mode: Mode = .exclusive) throws(Errno) {
        while flock(file.raw, mode.flag) < 0 {
            let error = Errno(rawValue: errno)
            if error != .interrupted { throw error }
        }
    }

    /// Waits for the lock on one byte of a file, which it need not have.
    public static func lock(_ file: borrowing OwnedFD, byte: Int64) throws(Errno) {
        while clinux_lock_byte(file.raw, byte) < 0 {
            let error = Errno(rawValue: errno)
            if error != .interrupted { throw error }
        }
    }

    /// Takes the lock on one byte if nobody else has it.
    public static func tryLock(_ file: borrowing OwnedFD, byte: Int64) throws(Errno) -> Bool {
        if clinux_try_lock_byte(file.raw, byte) == 0 { return true }
        let error = Errno(rawValue: errno)
        if error == .wouldBlock || error == .permissionDenied { return false }
        throw error
    }

    /// Takes the lock if nobody else has it.
    public static func tryLock(_ file: borrowing OwnedFD, _ mode: Mode = .exclusive) throws(Errno) -> Bool {
        if flock(file.raw, mode.flag | LOCK_NB) == 0 { return true }
        let error = Errno(rawValue: errno)
        if error == .wouldBlock { return false }
        throw error
    }
}
