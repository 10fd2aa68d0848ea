import CLinux
import Glibc
import Linux
import SystemPackage

/// The memory of a process whose system call waits. It stays that process's when the number is another's.
struct CallerMemory: ~Copyable {
    private let file: OwnedFD

    /// Of the thread that called. The caller of this checks that the call still waits, before the first access.
    init(of thread: Int32) throws(Errno) {
        file = try Files.open("/proc/\(thread)/mem", flags: O_RDWR)
    }

    /// EFAULT unless all of it is there.
    borrowing func write(_ bytes: [UInt8], at address: UInt64) throws(Errno) {
        let raw = file.raw
        let size = unsafe bytes.withUnsafeBytes { unsafe clinux_pwrite(raw, $0.baseAddress, $0.count, address) }
        guard size == bytes.count else { throw .badAddress }
    }

    /// EFAULT unless all of it is there.
    borrowing func read(_ count: Int, at address: UInt64) throws(Errno) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let raw = file.raw
        let size = unsafe bytes.withUnsafeMutableBytes { unsafe clinux_pread(raw, $0.baseAddress, $0.count, address) }
        guard size == count else { throw .badAddress }
        return bytes
    }

    /// The bytes up to a zero. EFAULT when memory ends before it, ENAMETOOLONG when `limit` bytes have none.
    borrowing func string(at address: UInt64, limit: Int) throws(Errno) -> [UInt8] {
        var found: [UInt8] = []
        while found.count < limit {
            let at = address &+ UInt64(found.count)
            // What lies on the next page may not be there, and need not be.
            let room = min(limit - found.count, 4096 - Int(at & 4095))
            let bytes = try read(room, at: at)
            if let end = bytes.firstIndex(of: 0) { return found + bytes[..<end] }
            found += bytes
        }
        throw .fileNameTooLong
    }
}
