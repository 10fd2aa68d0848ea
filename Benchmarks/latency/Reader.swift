import Glibc

/// One labelled file. Its directory stays open and every open starts there, so that the length of the path, or a
/// walk through `/proc/PID/root`, weighs on no label.
final class Reader {
    let label: String
    let path: String
    private let directory: CInt
    private let name: [CChar]

    init(label: String, path: String) throws(Failure) {
        self.label = label
        self.path = path
        let (parent, last) = Reader.split(path)
        name = Array(last.utf8CString)
        directory = unsafe open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if directory < 0 { throw .system(stage: "opening", path: parent, errno: errno) }
    }

    deinit { close(directory) }

    /// Nanoseconds one open, reading to the end by `step` bytes, and close took.
    func time(step: Int, into buffer: UnsafeMutableRawBufferPointer) throws(Failure) -> UInt64 {
        let (elapsed, error) = unsafe name.withUnsafeBufferPointer { name in
            unsafe Reader.time(directory, name.baseAddress, step, buffer.baseAddress)
        }
        if error != 0 { throw .system(stage: "reading", path: path, errno: error) }
        return elapsed
    }

    @inline(__always)
    private static func time(
        _ directory: CInt, _ name: UnsafePointer<CChar>?, _ step: Int, _ buffer: UnsafeMutableRawPointer?
    ) -> (elapsed: UInt64, error: CInt) {
        guard let name = unsafe name, let buffer = unsafe buffer else { return (0, EFAULT) }
        let start = now()
        let file = unsafe openat(directory, name, O_RDONLY | O_CLOEXEC)
        if file < 0 { return (0, errno) }
        var got: Int
        repeat { got = unsafe read(file, buffer, step) } while got > 0
        let error = got < 0 ? errno : 0
        close(file)
        return (now() - start, error)
    }

    @inline(__always)
    private static func now() -> UInt64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    private static func split(_ path: String) -> (parent: String, last: String) {
        guard let slash = path.lastIndex(of: "/") else { return (".", path) }
        return (String(path[...slash]), String(path[path.index(after: slash)...]))
    }
}
