import Glibc
import Linux

extension Property {
    /// What files say: as many fields as the kernel writes, the same again where nothing moves, and nothing that goes back.
    static let contents: [Property] = [
        Property("cpuinfo, version and the like are the same on every read, in steps of any size", of: stable) { tree, paths, _ in
            for path in paths where Files.exists(tree.path(path)) {
                let first = still(try tree.text(path))
                let file = try Files.open(tree.path(path), flags: O_RDONLY)
                for step in [1, 7, 64, 1000, 4096, 100_000] {
                    try expect("\(path) in steps of \(step)", still(try Files.read(file, step: step)), is: first)
                }
                for _ in 0..<50 { try expect(path, still(try tree.text(path)), is: first) }
            }
        },
        Property("nothing is behind the end", of: files) { tree, paths, _ in
            for path in paths where Files.exists(tree.path(path)) {
                let file = try Files.open(tree.path(path), flags: O_RDONLY)
                var byte: UInt8 = 0
                for offset in [1 << 20, 1 << 31, 1 << 40] as [Int] {
                    try expect("\(path) at \(offset)", unsafe pread(file.raw, &byte, 1, offset), is: 0)
                }
            }
        },
        Property("lines have the fields the kernel writes", of: fields.map(\.path)) { tree, paths, _ in
            for shape in fields where paths.contains(shape.path) && Files.exists(tree.path(shape.path)) {
                guard let regex = try? Regex(shape.line) else { throw Mismatch(expected: "a regular expression", got: shape.line) }
                let lines = try tree.text(shape.path).split(separator: "\n", omittingEmptySubsequences: true)
                try expect(lines.count >= shape.least, "\(shape.path): at least \(shape.least) lines", got: "\(lines.count)")
                for line in lines {
                    try expect(line.wholeMatch(of: regex) != nil, "\(shape.path): lines like \(shape.line)", got: "\(line)")
                }
            }
        },
        Property("every file counts the same CPUs", of: ["proc/stat", "proc/cpuinfo", "sys/devices/system/cpu"]) { tree, paths, _ in
            var counts: [String: [Int]] = [:]
            if paths.contains("proc/stat") {
                counts["stat"] = try tree.text("proc/stat").split(separator: "\n").compactMap { line in
                    line.hasPrefix("cpu") ? Int(line.dropFirst(3).prefix { $0 != " " }) : nil
                }
            }
            if paths.contains("proc/cpuinfo") {
                counts["cpuinfo"] = try tree.text("proc/cpuinfo").split(separator: "\n").compactMap { line in
                    line.hasPrefix("processor") ? line.split(separator: " ").last.flatMap { Int($0) } : nil
                }
            }
            if paths.contains("sys/devices/system/cpu") {
                counts["cpu/online"] = try tree.text("sys/devices/system/cpu/online").dropLast().split(separator: ",").flatMap { range in
                    let ends = range.split(separator: "-").compactMap { Int($0) }
                    return ends.isEmpty ? [] : Array(ends[0]...(ends.last ?? ends[0]))
                }
            }
            try expect(Set(counts.values).count == 1 && counts.values.first?.isEmpty == false, "the same CPUs", got: "\(counts)")
        },
        Property("counters and clocks do not go back", of: moving) { tree, paths, _ in
            var last: [String: [Double]] = [:]
            for round in 0..<150 {
                for path in paths where Files.exists(tree.path(path)) {
                    let now = counters(try tree.text(path), path)
                    try expect(!now.isEmpty, "numbers in \(path)", got: "none")
                    if let before = last[path], before.count == now.count {
                        try expect(zip(before, now).allSatisfy { $0 <= $1 }, "\(path) at least \(before)", got: "\(now)")
                    }
                    last[path] = now
                }
                if round % 10 == 0 { usleep(30_000) }
            }
        },
        Property("boot_id stays, uuid is another one each time", of: ["proc/sys/kernel/random"]) { tree, _, _ in
            let form = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\n/
            let boot = try tree.text("proc/sys/kernel/random/boot_id")
            var seen: Set<String> = []
            for _ in 0..<100 {
                try expect("boot_id", try tree.text("proc/sys/kernel/random/boot_id"), is: boot)
                seen.insert(try tree.text("proc/sys/kernel/random/uuid"))
            }
            try expect("different ones of 100", seen.count, is: 100)
            for text in seen.union([boot]) { try expect(text.wholeMatch(of: form) != nil, "a UUID of version 4", got: text) }
        },
        Property("version, osrelease and ostype are uname's", of: ["proc/version", "proc/sys/kernel/osrelease"]) { tree, _, _ in
            var names = utsname()
            _ = unsafe uname(&names)
            let release = unsafe withUnsafeBytes(of: &names.release) { unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            try expect("osrelease", try tree.text("proc/sys/kernel/osrelease"), is: release + "\n")
            try expect("ostype", try tree.text("proc/sys/kernel/ostype"), is: "Linux\n")
            let version = try tree.text("proc/version")
            try expect(version.hasPrefix("Linux version \(release) "), "Linux version \(release) ...", got: version)
        },
    ]

    private static let stable = [
        "proc/cpuinfo", "proc/version", "proc/filesystems", "proc/devices", "proc/cmdline", "proc/sys/kernel/osrelease",
        "sys/devices/system/cpu/online", "sys/devices/system/cpu/possible", "sys/devices/system/cpu/present",
    ]

    /// Without what the kernel measures anew each time.
    private static func still(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).filter { !$0.hasPrefix("cpu MHz") && !$0.hasPrefix("BogoMIPS") }
            .joined(separator: "\n")
    }

    private static let fields: [(path: String, least: Int, line: String)] = [
        ("proc/cpuinfo", 2, #"[^\t:]+\t*: ?.*"#),
        ("proc/meminfo", 20, #"[A-Za-z0-9_()]+: +\d+( kB)?"#),
        ("proc/stat", 8, #"cpu\d* +\d+( \d+){9}|(intr|softirq) \d+( \d+)*|(ctxt|btime|processes|procs_running|procs_blocked) \d+"#),
        ("proc/uptime", 1, #"\d+\.\d\d \d+\.\d\d"#),
        ("proc/loadavg", 1, #"\d+\.\d\d \d+\.\d\d \d+\.\d\d \d+/\d+ \d+"#),
        ("proc/swaps", 1, #"Filename\t+Type\t+Size\t+Used\t+Priority|\S+ +(file|partition)\t+\d+\t+\d+\t+-?\d+"#),
        ("proc/diskstats", 0, #" *\d+ +\d+ \S+( \d+){11,17}"#),
        ("proc/partitions", 0, #"major minor  #blocks  name| +\d+ +\d+ +\d+ \S+"#),
        ("proc/vmstat", 20, #"[a-z0-9_]+ \d+"#),
        ("proc/pressure/cpu", 1, pressure), ("proc/pressure/memory", 1, pressure), ("proc/pressure/io", 1, pressure),
        ("proc/interrupts", 2, #" +(CPU\d+ +)+| *[A-Z0-9]+:( +\d+)+.*"#),
        ("proc/softirqs", 10, #" +(CPU\d+ +)+| +[A-Z_]+:( +\d+)+"#),
        ("proc/schedstat", 3, #"version \d+|timestamp \d+|cpu\d+( \d+){9}|domain.*"#),
        ("proc/filesystems", 3, #"(nodev)?\t\S+"#),
        ("proc/cgroups", 2, #"#subsys_name\thierarchy\tnum_cgroups\tenabled|\w+\t\d+\t\d+\t[01]"#),
        ("proc/locks", 0, #"\d+: +(-> +)?(POSIX|FLOCK|OFDLCK|ACCESS|LEASE|DELEG) .* [0-9a-f]+:[0-9a-f]+:\d+ \d+ (\d+|EOF)"#),
        ("sys/devices/system/cpu/online", 1, list), ("sys/devices/system/cpu/possible", 1, list),
    ]
    private static let pressure = #"(some|full) avg10=\d+\.\d\d avg60=\d+\.\d\d avg300=\d+\.\d\d total=\d+"#
    private static let list = #"\d+(-\d+)?(,\d+(-\d+)?)*"#

    private static let moving = [
        "proc/stat", "proc/uptime", "proc/vmstat", "proc/interrupts", "proc/softirqs", "proc/diskstats", "proc/pressure/cpu",
        "proc/pressure/memory", "proc/pressure/io",
    ]

    /// Idle, iowait and guest time natively do go back, and so do levels.
    private static func counters(_ text: String, _ path: String) -> [Double] {
        let lines = text.split(separator: "\n").map { $0.split { $0 == " " || $0 == "\t" } }
        func numbers(_ words: ArraySlice<Substring>) -> [Double] { words.compactMap { Double($0) } }
        return switch path {
        case "proc/uptime": numbers(lines.first?.prefix(1) ?? [])
        case "proc/stat":
            lines.flatMap { line -> [Double] in
                guard let name = line.first else { return [] }
                if name.hasPrefix("cpu"), line.count > 8 { return numbers(line[1...3] + line[6...8]) }
                return ["intr", "ctxt", "btime", "processes", "softirq"].contains(name) ? numbers(line[1..<2]) : []
            }
        case "proc/vmstat":
            lines.flatMap { ["pgfault", "pgmajfault", "pgpgin", "pgpgout", "pswpin"].contains($0.first) ? numbers($0[1...]) : [] }
        case "proc/interrupts": lines.flatMap { $0.first == "LOC:" || $0.first == "RES:" ? numbers($0[1...]) : [] }
        case "proc/softirqs": lines.dropFirst().flatMap { numbers($0[1...]) }
        // An empty one has nothing to go back.
        case "proc/diskstats": [0] + lines.flatMap { $0.count > 6 ? numbers($0[3..<4] + $0[5..<6]) : [] }
        default: lines.flatMap { $0.last.map { numbers([$0.dropFirst("total=".count)]) } ?? [] }
        }
    }
}
