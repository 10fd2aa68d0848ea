import Glibc
import Linux
import Synchronization
import SystemPackage
import Text

/// A directory kept open: what is below it is read through the descriptor, so a new directory of the same name is not mistaken
/// for it.
final class Directory: Sendable {
    private let fd: OwnedFD
    /// For messages and for inotify; empty for one found below another.
    let path: String
    /// Whether it is of a kernel file system, where a file that is gone fails to be read though it is open.
    private let isKernels: Bool
    /// Whether its files may be kept open.
    let keepsFiles: Bool
    private let kept = Mutex<[(file: CgroupFile, kept: KeptFile)]>([])

    var raw: CInt { fd.raw }

    init(_ path: String) throws(Errno) {
        fd = try Files.open(path, flags: O_RDONLY | O_DIRECTORY)
        self.path = path
        isKernels = Files.isKernelFile(fd.raw)
        keepsFiles = isKernels
    }

    private init(_ name: String, below directory: Directory) throws(Errno) {
        fd = try Files.open(name, below: directory.fd.raw, flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
        path = ""
        isKernels = directory.isKernels
        // Not looked at for long.
        keepsFiles = false
    }

    func directory(_ name: String) throws(Errno) -> Directory { try Directory(name, below: self) }

    func read(_ name: String, limit: Int = 1 << 20) throws(Errno) -> [UInt8] { try Files.read(name, below: fd.raw, limit: limit) }

    var inode: UInt64 {
        var status = stat()
        return unsafe fstat(fd.raw, &status) == 0 ? UInt64(status.st_ino) : 0
    }

    /// Whether its path still names it.
    var isStillThere: Bool {
        var (own, named) = (stat(), stat())
        guard unsafe fstat(fd.raw, &own) == 0, unsafe stat(path, &named) == 0 else { return false }
        return own.st_ino == named.st_ino && own.st_dev == named.st_dev
    }

    /// nil for a file of a controller that is not there, where the kernel says so for less than a failing open.
    func read(_ file: CgroupFile, limit: Int = 1 << 20) throws(Errno) -> [UInt8]? {
        guard keepsFiles, file.isKept else {
            let opened = try Files.open(file.name, below: fd.raw, flags: O_RDONLY)
            return try Files.reread(opened.raw, room: file.room, oneRecord: file.oneRecord, limit: limit)
        }
        let kept = kept(file)
        if let controller = file.controller, !kept.isOpen, try !contains(self.kept(.controllers).read(below: self), controller) {
            return nil
        }
        return try kept.read(below: self, limit: limit)
    }

    private func kept(_ file: CgroupFile) -> KeptFile {
        kept.withLock { all in
            for one in all where one.file == file { return one.kept }
            let made = KeptFile(file.name, oneRecord: file.oneRecord, room: file.room, bound: .ofViews)
            all.append((file, made))
            return made
        }
    }

    private func contains(_ controllers: [UInt8], _ wanted: StaticString) -> Bool {
        for word in Words(trimmed(controllers[...])) where wanted.withUTF8Buffer({ unsafe word.elementsEqual($0) }) { return true }
        return false
    }

    func exists(_ name: String) -> Bool { unsafe faccessat(fd.raw, name, F_OK, 0) == 0 }

    /// The names of the directories in it, at most `limit`.
    func directories(limit: Int = 65536) throws(Errno) -> [String] {
        // Kernel file systems count them: two links and one more for each.
        var information = stat()
        if isKernels, unsafe fstat(fd.raw, &information) == 0, information.st_nlink == 2 { return [] }
        var found: [String] = []
        try unsafe Files.forEachName(in: fd.raw) { name, isDirectory, _ in
            if isDirectory { found.append(unsafe String(decoding: name, as: UTF8.self)) }
            return found.count < limit
        }
        return found
    }
}

extension Errno {
    /// ENODEV: what the kernel answers for a file of a cgroup that is gone.
    static var noDevice: Errno { Errno(rawValue: Glibc.ENODEV) }
}
