import CLinux
import Glibc
public import SystemPackage

extension Files {
    /// Reads an open file from its start to its end, at most `limit` bytes; its position is neither used nor moved. Kernel files
    /// compute their content anew for it.
    ///
    /// A file of `oneRecord`, which the kernel writes in one piece, has ended where a read was given less than it had room for:
    /// that saves the read that would say so.
    public static func reread(_ file: CInt, room: Int = 4096, oneRecord: Bool = false, limit: Int = 1 << 20) throws(Errno) -> [UInt8] {
        var bytes = try read(file, room: room, at: 0)
        if bytes.isEmpty || (oneRecord && bytes.count < room) { return bytes }
        while true {
            if bytes.count >= limit { throw .fileTooLarge }
            let more = try read(file, room: min(max(4096, bytes.count), limit - bytes.count), at: bytes.count)
            if more.isEmpty { return bytes }
            bytes += more
        }
    }

    /// The first bytes of a file, at most `room`.
    public static func start(of path: String, below directory: CInt, room: Int) throws(Errno) -> [UInt8] {
        let file = try open(path, below: directory, flags: O_RDONLY)
        return try read(file.raw, room: room, at: 0)
    }

    /// The same of a file that gives less at a time than it is asked for.
    public static func start(of path: String, below directory: CInt, upTo limit: Int) throws(Errno) -> [UInt8] {
        let file = try open(path, below: directory, flags: O_RDONLY)
        var bytes: [UInt8] = []
        while bytes.count < limit {
            let more = try read(file.raw, room: min(16384, limit - bytes.count), at: bytes.count)
            if more.isEmpty { break }
            bytes += more
        }
        return bytes
    }

    private static func read(_ file: CInt, room: Int, at offset: Int) throws(Errno) -> [UInt8] {
        while true {
            var error: CInt = 0
            let bytes = unsafe [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
                let got = unsafe pread(file, buffer.baseAddress, room, off_t(offset))
                if got < 0 { error = errno }
                count = max(0, got)
            }
            if error == 0 { return bytes }
            if error != EINTR { throw Errno(rawValue: error) }
        }
    }

    /// Whether what is open is the kernel's own: procfs, sysfs or cgroup2.
    public static func isKernelFile(_ file: CInt) -> Bool { clinux_is_kernel_file(file) != 0 }

    /// Is told a name in a directory, whether it is a directory's, and the position of the next; answers whether to go on.
    public typealias NameTaker = (_ name: UnsafeBufferPointer<UInt8>, _ isDirectory: Bool, _ next: Int) -> Bool

    /// Calls `found` with every name in a directory but `.` and `..`, from `position` on: 0, or one it was told before. The
    /// descriptor is only looked at.
    public static func forEachName(in directory: CInt, from position: Int = 0, _ found: NameTaker) throws(Errno) {
        let stream = try open(".", below: directory, flags: O_RDONLY | O_DIRECTORY)
        if position != 0 { _ = try check(lseek(stream.raw, off_t(position), SEEK_SET)) }
        var buffer = [UInt8](repeating: 0, count: 8192)
        while true {
            let (more, error): (Bool, CInt) = unsafe buffer.withUnsafeMutableBytes { buffer in
                let size = unsafe clinux_getdents(stream.raw, buffer.baseAddress, buffer.count)
                if size <= 0 { return (false, size < 0 ? errno : 0) }
                return unsafe (names(in: UnsafeRawBufferPointer(rebasing: buffer[..<min(size, buffer.count)]), found), 0)
            }
            if error != 0 { throw Errno(rawValue: error) }
            if !more { return }
        }
    }

    /// struct linux_dirent64: inode and offset of 8 bytes, length of 2, type of 1, name.
    private static func names(in buffer: UnsafeRawBufferPointer, _ found: NameTaker) -> Bool {
        var at = 0
        while at + 19 < buffer.count {
            let length = unsafe Int(buffer.loadUnaligned(fromByteOffset: at + 16, as: UInt16.self))
            guard length > 19, at + length <= buffer.count else { return false }
            let bytes = unsafe UnsafeRawBufferPointer(rebasing: buffer[(at + 19)..<(at + length)]).assumingMemoryBound(to: UInt8.self)
            let name = unsafe UnsafeBufferPointer(rebasing: bytes.prefix { $0 != 0 })
            let isDot = unsafe name.count <= 2 && name.allSatisfy { $0 == 0x2e }
            let isDirectory = unsafe buffer[at + 18] == UInt8(truncatingIfNeeded: Int(DT_DIR))
            let next = unsafe Int(truncatingIfNeeded: buffer.loadUnaligned(fromByteOffset: at + 8, as: Int64.self))
            if !isDot, unsafe !found(name, isDirectory, next) { return false }
            at += length
        }
        return true
    }
}
