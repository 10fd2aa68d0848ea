import Glibc
import Linux
import SystemPackage

extension Property {
    /// Lookup, readdir, and what cannot be done to names.
    static let names: [Property] = [
        Property("procfs is one, and its root is inode 1", of: ["proc"]) { tree, _, _ in
            let root = try Files.open(tree.path("proc"), flags: Files.place | O_DIRECTORY)
            try expect("type", Files.fileSystem(of: root), is: 0x9fa0)
            try expect("inode", try Files.status(tree.path("proc/.")).st_ino, is: 1)
        },
        Property("names nobody has are ENOENT, of any length", of: directories) { tree, paths, _ in
            for path in paths where Files.isDirectory(tree.path(path)) {
                for name in ["no-such-name", " ", "MEMINFO", "cpu01", "-1", "..x", String(repeating: "a", count: 255), long] {
                    let full = tree.path("\(path)/\(name)")
                    try expect("\(path)/\(name): stat", errorNumber { () throws(Errno) in _ = try Files.status(full) }, is: ENOENT)
                    try expect(
                        "\(path)/\(name): open", errorNumber { () throws(Errno) in _ = try Files.open(full, flags: O_RDONLY) }, is: ENOENT)
                    try expect("\(path)/\(name)/x: stat", errorNumber { () throws(Errno) in _ = try Files.status(full + "/x") }, is: ENOENT)
                }
            }
        },
        Property("nothing can be made, not even by root", of: directories) { tree, paths, _ in
            for path in paths where Files.isDirectory(tree.path(path)) {
                let name = tree.path("\(path)/vnode-conformance")
                let attempts: [(String, () -> CInt)] = [
                    ("mkdir", { unsafe mkdir(name, 0o755) }), ("symlink", { unsafe symlink("x", name) }),
                    ("mknod", { unsafe mknod(name, S_IFREG | 0o644, 0) }), ("mkfifo", { unsafe mkfifo(name, 0o644) }),
                    ("create", { unsafe open(name, O_CREAT | O_WRONLY, 0o644) }),
                ]
                for (what, attempt) in attempts {
                    let outcome = attempt() < 0 ? errno : 0
                    try expect(
                        [ENOENT, EPERM, EACCES, EROFS].contains(outcome), "\(what) in \(path) to be refused", got: "errno \(outcome)")
                }
                try expect("\(name) there", Files.exists(name), is: false)
            }
        },
        Property("a directory lists every name once, after . and .., and what it lists is there and of that kind", of: tops) {
            tree, paths, _ in
            for path in paths where Files.isDirectory(tree.path(path)) {
                for directory in Names.directories(below: tree.path(path)) { try Names.check(directory) }
            }
        },
        Property("a directory read name by name is the one read at once", of: directories) { tree, paths, _ in
            for path in paths where Files.isDirectory(tree.path(path)) { try Names.checkPositions(tree.path(path)) }
        },
        Property("links of /sys lead somewhere", of: ["sys/class", "sys/block", "sys/bus", "sys/devices/system/node"]) { tree, paths, _ in
            for path in paths {
                for link in Files.walk(tree.path(path)) where Files.link(link) != nil {
                    try expect(unsafe access(link, F_OK) == 0, "\(link) to lead somewhere", got: Files.link(link) ?? "")
                }
            }
        },
        Property("a file is no directory, and a directory no file", of: files + directories) { tree, paths, _ in
            for path in paths {
                guard let mode = (try? Files.status(tree.path(path)))?.st_mode else { continue }
                let full = tree.path(path)
                if mode & S_IFMT == S_IFDIR {
                    try expect(
                        "\(path): write", errorNumber { () throws(Errno) in _ = try Files.open(full, flags: O_WRONLY) }, is: EISDIR)
                    continue
                }
                try expect(
                    "\(path): directory", errorNumber { () throws(Errno) in _ = try Files.open(full, flags: O_RDONLY | O_DIRECTORY) },
                    is: ENOTDIR)
                try expect("\(path)/x", errorNumber { () throws(Errno) in _ = try Files.status(full + "/x") }, is: ENOTDIR)
                try expect(unsafe unlink(full) < 0 && Files.exists(full), "\(path) not to be removed", got: "removed")
            }
        },
        Property("who may not write is told EACCES", of: files) { tree, paths, context in
            // Relative to here, which nobody could come to by name.
            let script = """
                import os, errno, sys
                # EROFS: what a mount says of itself comes first, where a file would be cut.
                refusals = (errno.EACCES, errno.ENOENT, errno.EROFS)
                for path in sys.argv[1:]:
                    for flags in (os.O_WRONLY, os.O_RDWR, os.O_WRONLY | os.O_TRUNC, os.O_WRONLY | os.O_APPEND):
                        try: os.close(os.open(path, flags)); print(path, flags, "opened")
                        except OSError as e:
                            if e.errno not in refusals: print(path, flags, errno.errorcode[e.errno])
                    try: os.truncate(path, 0); print(path, "truncated")
                    except OSError as e:
                        if e.errno not in refusals: print(path, errno.errorcode[e.errno])
                """
            let readable = paths.filter { ((try? Files.status(tree.path($0)))?.st_mode ?? 0) & 0o004 != 0 }
            let outcome = try await command(
                [
                    "sh", "-c", "cd \"$0\" && exec setpriv --reuid=65534 --regid=65534 --clear-groups \"$@\"", tree.path("."),
                    "/usr/bin/python3",
                ]
                    + ["-c", script] + readable, in: context
            ).succeeded()
            try expect("what is not EACCES", outcome.output, is: "")
        },
    ]

    static let tops = ["proc", "sys"]
    static let directories = [
        "proc", "proc/sys", "proc/sys/kernel", "proc/sys/kernel/random", "proc/sys/vm", "proc/sys/fs", "proc/pressure", "sys",
        "sys/devices", "sys/devices/system/cpu", "sys/devices/system/cpu/cpu0", "sys/devices/system/cpu/cpu0/topology",
        "sys/devices/system/node", "sys/devices/system/memory", "sys/class", "sys/class/net", "sys/kernel/mm", "sys/fs",
    ]
    static let files = [
        "proc/cpuinfo", "proc/meminfo", "proc/stat", "proc/uptime", "proc/loadavg", "proc/version", "proc/swaps", "proc/diskstats",
        "proc/vmstat", "proc/partitions", "proc/interrupts", "proc/softirqs", "proc/filesystems", "proc/devices", "proc/cmdline",
        "proc/cgroups", "proc/sys/kernel/osrelease", "proc/sys/kernel/ostype", "proc/sys/kernel/hostname", "proc/sys/kernel/pid_max",
        "proc/sys/kernel/random/boot_id", "proc/sys/kernel/random/uuid", "proc/sys/vm/swappiness", "proc/sys/fs/file-max",
        "sys/devices/system/cpu/online", "sys/devices/system/cpu/possible", "sys/devices/system/cpu/present",
        "sys/devices/system/node/online", "sys/kernel/mm/transparent_hugepage/enabled",
    ]

    /// Longer than a name can be elsewhere.
    private static let long = String(repeating: "b", count: 300)
}

/// The number `body` fails with; 0 when it does not.
func errorNumber(_ body: () throws(Errno) -> Void) -> CInt { failure(body)?.rawValue ?? 0 }

/// What readdir says.
private enum Names {
    struct Entry {
        let name: String
        let kind: UInt8
        let next: Int
    }

    /// A directory and those in it, without processes, which come and go.
    static func directories(below top: String) -> [String] {
        var found: [String] = []
        var rest = [top]
        while let directory = rest.popLast() {
            found.append(directory)
            for name in Files.names(directory) where Int32(name) == nil {
                let path = "\(directory)/\(name)"
                if Files.isDirectory(path) { rest.append(path) }
            }
        }
        return found
    }

    static func check(_ directory: String) throws {
        var fault: Mismatch?
        // Devices and interfaces come and go on a machine.
        for _ in 0..<3 {
            do { return try checkOnce(directory) } catch let mismatch as Mismatch { fault = mismatch }
            usleep(20_000)
        }
        if let fault, Files.isDirectory(directory) { throw fault }
    }

    private static func checkOnce(_ directory: String) throws {
        guard let entries = entries(directory) else { return }
        try expect("\(directory): first names", entries.prefix(2).map(\.name), is: [".", ".."])
        let names = entries.map(\.name)
        try expect(Set(names).count == names.count, "\(directory): every name once", got: "\(names)")
        for entry in entries.dropFirst(2) where Int32(entry.name) == nil {
            let path = "\(directory)/\(entry.name)"
            guard let status = try? Files.status(path) else { throw Mismatch(expected: "\(path), which is listed", got: "nothing") }
            try expect("\(path): kind", entry.kind, is: UInt8((status.st_mode & S_IFMT) >> 12))
        }
    }

    /// Every position the directory gives leads back to the name that followed it.
    static func checkPositions(_ directory: String) throws {
        guard let whole = entries(directory)?.filter({ Int32($0.name) == nil }) else { return }
        guard let stream = unsafe opendir(directory) else { return }
        defer { unsafe closedir(stream) }
        for (entry, after) in zip(whole, whole.dropFirst()) {
            unsafe seekdir(stream, entry.next)
            var got = unsafe next(stream)
            while let name = got?.name, Int32(name) != nil { got = unsafe next(stream) }
            try expect("\(directory): after \(entry.name)", got?.name, is: after.name)
        }
    }

    private static func entries(_ directory: String) -> [Entry]? {
        guard let stream = unsafe opendir(directory) else { return nil }
        defer { unsafe closedir(stream) }
        var found: [Entry] = []
        while let entry = unsafe next(stream) { found.append(entry) }
        return found
    }

    private static func next(_ stream: OpaquePointer) -> Entry? {
        guard let entry = unsafe readdir(stream) else { return nil }
        let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        return unsafe Entry(name: name, kind: entry.pointee.d_type, next: telldir(stream))
    }
}
