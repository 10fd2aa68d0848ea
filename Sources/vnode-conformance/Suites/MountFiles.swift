import Glibc
import Linux
import SystemPackage
import Tree

extension Suite {
    static let mountFiles = Suite(
        name: "mount files",
        checks: [
            Check("every file of the table is there, is readable and has its shape") { context in
                try await context.withDebugMount { mount in
                    let files = try mount.files()
                    try expect(files.count > 50, "more than 50 files", got: "\(files.count)")
                    for (row, path) in files {
                        let text = try Files.text(path)
                        if let fault = Shape.fault(of: text, path: row.path) {
                            throw Mismatch(expected: "\(row.path): \(fault)", got: text)
                        }
                    }
                }
            },
            Check("nothing else is there") { context in
                try await context.withDebugMount { mount in
                    let known = Set(try mount.files().map(\.path))
                    let found = Set(Files.walk(mount.directory).filter(Files.isRegular))
                    try expect(found == known, "the files of the table", got: "other ones: \(found.symmetricDifference(known).sorted())")
                }
            },
            Check("the top has proc and sys") { context in
                try await context.withDebugMount { mount in
                    try expect("names at the top", Files.names(mount.directory).sorted(), is: ["proc", "sys"])
                }
            },
            Check("readdir names nothing twice") { context in
                try await context.withDebugMount { mount in
                    let directories = [mount.directory] + Files.walk(mount.directory).filter(Files.isDirectory)
                    try expect(directories.count > 8, "more than 8 directories", got: "\(directories)")
                    for directory in directories {
                        let names = Files.names(directory)
                        try expect(Set(names).count == names.count, "\(directory): every name once", got: "\(names)")
                    }
                }
            },
            Check("unknown names are ENOENT") { context in
                try await context.withDebugMount { mount in
                    let names = [
                        "/proc/kcore", "/proc/MEMINFO", "/proc/meminfo2", "/proc/1", "/proc/sys/kernel/core_patterns", "/sys/class/thermal",
                        "/cover",
                        "/1", "/sys/devices/system/cpu/cpu8191", "/sys/devices/system/cpu/cpu00", "/sys/devices/system/cpu/cpu-1",
                        "/sys/devices/system/cpu/cpu", "/sys/devices/system/cpu/cpu0/online", "/sys/devices/system/cpu/cpu1x",
                    ]
                    for name in names {
                        let error = failure { () throws(Errno) in _ = try Files.status(mount.path(name)) }
                        try expect("\(name): errno", error?.rawValue, is: ENOENT)
                    }
                }
            },
            Check("opening for writing is EACCES where nothing can be written") { context in
                try await context.withDebugMount { mount in
                    for (row, path) in try mount.files() where row.writing == nil {
                        for flags in [O_WRONLY, O_RDWR] {
                            let error = failure { () throws(Errno) in _ = try Files.open(path, flags: flags) }
                            try expect("\(row.path): errno of open with flags \(flags)", error?.rawValue, is: EACCES)
                        }
                    }
                }
            },
            Check("nothing can be made, renamed or removed") { context in
                try await context.withDebugMount { mount in
                    let words = [
                        ["touch", mount.path("/proc/new")], ["mkdir", mount.path("/sys/new")], ["rm", mount.path("/proc/stat")],
                        ["mv", mount.path("/proc/stat"), mount.path("/proc/new")], ["ln", "-s", "x", mount.path("/proc/new")],
                        ["truncate", "-s", "0", mount.path("/proc/stat")], ["chmod", "777", mount.path("/proc/stat")],
                    ]
                    for line in words {
                        let outcome = try await command(line, in: context)
                        try expect(outcome.status != 0, "\(line[0]) to fail", got: outcome.summary)
                    }
                    try expect("/proc/new there", Files.exists(mount.path("/proc/new")), is: false)
                }
            },
            Check("the same file has the same attributes twice, and an inode of its own") { context in
                try await context.withDebugMount { mount in
                    var inodes: [UInt64: String] = [:]
                    for path in Files.walk(mount.directory) {
                        let first = try Files.status(path)
                        if Files.isRegular(path) { _ = try Files.text(path) }
                        let second = try Files.status(path)
                        try expect(
                            "\(path): attributes",
                            [UInt64(second.st_ino), UInt64(second.st_mode), UInt64(second.st_uid), UInt64(second.st_nlink)],
                            is: [UInt64(first.st_ino), UInt64(first.st_mode), UInt64(first.st_uid), UInt64(first.st_nlink)])
                        try expect(
                            inodes[UInt64(first.st_ino)] == nil, "\(path): an inode of its own",
                            got: "that of \(inodes[UInt64(first.st_ino)] ?? "")")
                        inodes[UInt64(first.st_ino)] = path
                    }
                }
            },
            Check("files that change on an event have their true size") { context in
                try await context.withDebugMount { mount in
                    for (row, path) in try mount.files() where row.freshness == .onEvent {
                        try expect("\(row.path): size", Int(try Files.status(path).st_size), is: try Files.text(path).utf8.count)
                    }
                }
            },
            Check("values agree with each other and with the node") { context in
                try await context.withDebugMount { mount in
                    let cpus = try mount.cpus()
                    let stat = try Files.text(mount.path("/proc/stat")).split(separator: "\n")
                    try expect("cpuN lines of stat", stat.count { $0.hasPrefix("cpu") && !$0.hasPrefix("cpu ") }, is: cpus.count)
                    let processors = try Files.text(mount.path("/proc/cpuinfo")).split(separator: "\n").count { $0.hasPrefix("processor") }
                    try expect("processors of cpuinfo", processors, is: cpus.count)
                    let directories = Files.names(mount.path("/sys/devices/system/cpu")).compactMap { Int($0.dropFirst(3)) }
                    try expect("cpuN directories", directories.sorted(), is: cpus.ids)
                    let node = try Files.text("/proc/meminfo").split(separator: "\n").first
                    let ours = try Files.text(mount.path("/proc/meminfo")).split(separator: "\n").first
                    try expect("MemTotal without a limit", ours, is: node)
                }
            },
        ])
}

/// The errno `body` fails with; nil when it does not.
func failure(_ body: () throws(Errno) -> Void) -> Errno? {
    do throws(Errno) {
        try body()
        return nil
    } catch {
        return error
    }
}
