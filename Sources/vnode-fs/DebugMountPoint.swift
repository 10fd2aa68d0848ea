import ArgumentParser
import CLinux
import Glibc
import Linux
import SystemPackage

/// The directory of a debug mount, and what is mounted on it.
struct DebugMountPoint {
    let path: String

    /// Refuses what is no directory. What a mount that lost its server left here is taken away.
    init(_ given: String) throws {
        if DebugMountPoint.errnoOfStat(given) == .socketNotConnected { _ = unsafe umount2(given, CInt(MNT_DETACH)) }
        guard let resolved = unsafe realpath(given, nil) else {
            throw fail("\(given): \(Errno(rawValue: errno)): name an existing directory")
        }
        defer { unsafe free(resolved) }
        path = unsafe String(cString: resolved)
        var status = stat()
        guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { throw fail("\(given): not a directory") }
        guard let entries = unsafe opendir(path) else { throw fail("\(given): \(Errno(rawValue: errno))") }
        defer { unsafe closedir(entries) }
        while let entry = unsafe readdir(entries) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            guard name == "." || name == ".." else { throw fail("\(given): not empty: name an empty directory") }
        }
    }

    /// Mounts a FUSE file system that waits for its server.
    func mount() throws(Errno) -> OwnedFD {
        let device = try Files.open("/dev/fuse", flags: O_RDWR)
        let options = "fd=\(device.raw),rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions"
        let flags = UInt(MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME)
        _ = try check(unsafe Glibc.mount("vnode", path, "fuse.vnode", flags, options))
        return device
    }

    /// Takes the mount away, also from under those who still use it. Done already is fine.
    func unmount() { _ = unsafe umount2(path, CInt(MNT_DETACH)) }

    /// Waits for the server, handing on the signals that end it, and unmounts after it. Its exit status.
    func guardMount(servedBy child: pid_t, _ signals: borrowing OwnedFD) -> Int32 {
        while true {
            var status: Int32 = 0
            if unsafe waitpid(child, &status, WNOHANG) == child { return finish(status) }
            var waiting = pollfd(fd: signals.raw, events: Int16(POLLIN), revents: 0)
            _ = unsafe poll(&waiting, 1, -1)
            while let signal = Events.nextSignal(signals) {
                if signal != SIGCHLD { kill(child, SIGTERM) }
            }
        }
    }

    private func finish(_ status: Int32) -> Int32 {
        if DebugMountPoint.errnoOfStat(path) == .socketNotConnected { unmount() }
        let signal = status & 0x7f
        return signal == 0 ? status >> 8 & 0xff : 128 + signal
    }

    private static func errnoOfStat(_ path: String) -> Errno? {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? nil : Errno(rawValue: errno)
    }
}
