import CLinux
import Glibc
public import SystemPackage

/// Content handed to another process as a descriptor: a memfd nobody can change any more.
public enum SealedMemory {
    public static func make(_ bytes: [UInt8], name: String) throws(Errno) -> OwnedFD {
        // Sealing is EBUSY while the kernel holds a page (reclaim, compaction): other pages, then.
        for _ in 0..<4 {
            do throws(Errno) { return try write(bytes, name: name) } catch  where error == .resourceBusy {}
        }
        return try write(bytes, name: name)
    }

    private static func write(_ bytes: [UInt8], name: String) throws(Errno) -> OwnedFD {
        let file = OwnedFD(taking: try check(unsafe clinux_memfd(name)))
        var written = 0
        while written < bytes.count {
            let raw = file.raw
            let left = bytes.count - written
            let size = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(raw, $0.baseAddress?.advanced(by: written), left) }
            if size > 0 {
                written += size
            } else if size == 0 || errno != EINTR {
                throw size == 0 ? .ioError : Errno(rawValue: errno)
            }
        }
        _ = try check(clinux_fcntl(file.raw, addSeals, seals))
        return file
    }

    /// The whole content, wherever the file's position is. EINVAL for what is no sealed memfd, EFBIG beyond `limit` bytes.
    public static func read(_ file: borrowing OwnedFD, limit: Int) throws(Errno) -> [UInt8] {
        guard try check(clinux_fcntl(file.raw, getSeals, 0)) & CInt(seals) == CInt(seals) else { throw .invalidArgument }
        var status = stat()
        _ = try check(unsafe fstat(file.raw, &status))
        guard status.st_size <= limit else { throw .fileTooLarge }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var used = 0
        while used < bytes.count {
            let raw = file.raw
            let size = unsafe bytes.withUnsafeMutableBytes {
                unsafe pread(raw, $0.baseAddress?.advanced(by: used), $0.count - used, off_t(used))
            }
            if size > 0 {
                used += size
            } else if size == 0 || errno != EINTR {
                throw size == 0 ? .ioError : Errno(rawValue: errno)
            }
        }
        return bytes
    }

    private static let addSeals: CInt = 1033
    private static let getSeals: CInt = 1034
    /// F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_WRITE.
    private static let seals = 0xf
}

extension SealedMemory {
    /// One that is not sealed yet: written to by whoever has it.
    public static func open(name: String) throws(Errno) -> OwnedFD { OwnedFD(taking: try check(unsafe clinux_memfd(name))) }
}
