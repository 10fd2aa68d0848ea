import CLinux
import Glibc
import Linux
import SystemPackage

/// Things that are tried, because no file tells whether they work.
enum Trial {
    static func make(_ namespace: Namespaces) throws(Errno) {
        let child = try Processes.fork(namespace) { 0 }
        _ = try Processes.wait(child.pid)
    }

    private static let base: UInt32 = 65536

    /// What `vnode-runtime` does to a container's root file system: the lower directory ID-mapped, the upper one not.
    static func mappedOverlay(below place: String) -> Facts.Attempt {
        let directory = "\(place)/.vnode-check-\(getpid())"
        defer { try? Directories.removeTree(directory) }
        var stage = "making directories"
        do throws(Errno) {
            for name in ["", "/lower", "/upper", "/work", "/mapped", "/merged"] { try Directories.make(directory + name, mode: 0o755) }
            _ = try Files.open(directory + "/lower/file", flags: O_WRONLY | O_CREAT, mode: 0o644)
            for name in ["/upper", "/work"] { try Directories.setOwner(directory + name, uid: base, gid: base) }
            stage = "making a user namespace"
            let (until, done) = try Processes.pipe()
            let release = OwnedFD(taking: done)
            let holder = try Processes.fork(.user) {
                _ = close(release.raw)
                var byte: UInt8 = 0
                _ = unsafe read(until, &byte, 1)
                return 0
            }
            _ = close(until)
            defer {
                try? Processes.send(SIGKILL, to: holder.pidfd)
                _ = try? Processes.wait(holder.pid)
            }
            for map in ["uid_map", "gid_map"] { try Files.write("0 \(base) 65536\n", to: "/proc/\(holder.pid)/\(map)") }
            let namespace = try Files.open("/proc/\(holder.pid)/ns/user", flags: O_RDONLY)
            stage = "trying"
            let answers = try Processes.pipe()
            let answer = OwnedFD(taking: answers.reading)
            let child = try Processes.fork(.mount) {
                let said = Array(mount(directory, namespace).utf8)
                _ = unsafe write(answers.writing, said, said.count)
                return 0
            }
            _ = close(answers.writing)
            let said = String(decoding: try Files.read(answer), as: UTF8.self)
            _ = try Processes.wait(child.pid)
            return said == "works" ? .works : .fails(said.isEmpty ? "the trial ended early" : said)
        } catch { return .fails("\(stage): \(error.name)") }
    }

    /// In a mount namespace of its own: "works", or what did not.
    private static func mount(_ directory: String, _ namespace: borrowing OwnedFD) -> String {
        var stage = "making mounts private"
        do throws(Errno) {
            try Mounts.mount("", on: "/", [.recursive, .isPrivate])
            stage = "ID-mapping a directory"
            try Mounts.bindMapped(directory + "/lower", on: directory + "/mapped", userNamespace: namespace, readOnly: false)
            stage = "mounting an overlay"
            try Mounts.mount(
                "overlay", on: directory + "/merged", type: "overlay",
                data: "lowerdir=\(directory)/mapped,upperdir=\(directory)/upper,workdir=\(directory)/work")
            stage = "looking at a file"
            var status = stat()
            _ = try check(unsafe lstat(directory + "/merged/file", &status))
            guard status.st_uid == base else { return "a file's owner is \(status.st_uid), not \(base)" }
            stage = "writing to a file"
            try Processes.act(as: base)
            try Files.write("x", to: directory + "/merged/file")
            return "works"
        } catch { return "\(stage): \(error.name)" }
    }
}
