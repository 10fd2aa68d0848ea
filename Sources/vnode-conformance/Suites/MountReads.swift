import Glibc
import Linux

extension Suite {
    static let mountReads = Suite(
        name: "mount reads",
        checks: [
            Check("readers in steps of 1, 7, 64 and 5,000 bytes each see one moment") { context in
                try await context.withDebugMount(bound: .seconds(600)) { mount in
                    let openers = Task.detached {
                        while !Task.isCancelled { for name in consistent { _ = try Files.text(mount.path(name)) } }
                    }
                    let spinner = Task.detached {
                        var count = 0
                        while !Task.isCancelled { count &+= 1 }
                        return count
                    }
                    defer {
                        openers.cancel()
                        spinner.cancel()
                    }
                    var versions: Set<String> = []
                    var judged: Set<String> = []
                    for round in 0..<12 {
                        for step in [1, 7, 64, 5000] {
                            for name in consistent {
                                let what = "\(name) in steps of \(step)"
                                // Long enough for many generations. After 0.9 s the file has a newer answer for whoever reads on: what takes
                                // a busy machine that long is no fault, and is read again with less rest.
                                for rest in (0..<20).map({ 300_000 >> $0 }) {
                                    let (text, isShort) = try pass(mount.path(name), step: step, rest: rest)
                                    versions.insert(text)
                                    guard isShort else { continue }
                                    judged.insert(what)
                                    if let fault = Consistency.fault(of: text, path: name) {
                                        throw Mismatch(expected: "\(what), round \(round): \(fault)", got: text)
                                    }
                                    break
                                }
                            }
                        }
                    }
                    try expect(judged.count == 8, "each file judged in steps of each size", got: judged.sorted().joined(separator: ", "))
                    try expect(versions.count > 20, "content that changes while it is read", got: "\(versions.count) versions")
                }
            },
            Check("sendfile, with which busybox copies, sees what read sees") { context in
                try await context.withDebugMount { mount in
                    for name in ["/proc/uptime", "/proc/sys/kernel/ostype", "/proc/loadavg", "/proc/meminfo", "/proc/cpuinfo"] {
                        for round in 0..<3 {
                            let read = try Files.text(mount.path(name))
                            let sent = try Files.sent(mount.path(name))
                            let words = { (text: String) in text.split(whereSeparator: \.isWhitespace).count }
                            try expect("\(name), round \(round): words", words(sent), is: words(read))
                            try expect(sent.hasSuffix("\n"), "\(name), round \(round): a line feed at the end", got: sent)
                        }
                    }
                }
            },
            Check("a file kept open and read again from the start shows new values") { context in
                try await context.withDebugMount { mount in
                    for name in ["/proc/uptime", "/proc/stat", "/proc/meminfo", "/proc/vmstat"] {
                        let file = try Files.open(mount.path(name), flags: O_RDONLY)
                        let first = try Files.read(file, step: 65536)
                        var again = first
                        // Memory may stand still for a moment on a quiet machine, time does not.
                        for round in 0..<(name == "/proc/uptime" || name == "/proc/stat" ? 1 : 5) {
                            let ballast = [UInt8](repeating: UInt8(round + 1), count: 16 << 20)
                            try await Task.sleep(for: .milliseconds(1200))
                            again = try Files.read(file, step: 65536)
                            try expect(ballast.last == UInt8(round + 1), "memory in use", got: "none")
                            if again != first { break }
                        }
                        try expect(again != first, "\(name): other values after 1.2 s", got: first)
                        if let fault = Shape.fault(of: again, path: name) { throw Mismatch(expected: "\(name): \(fault)", got: again) }
                    }
                }
            },
            Check("a file read in small steps ends, and nothing is behind its end") { context in
                try await context.withDebugMount { mount in
                    for name in consistent + ["/proc/uptime"] {
                        let file = try Files.open(mount.path(name), flags: O_RDONLY)
                        let whole = try Files.read(file, step: 7)
                        if let fault = Shape.fault(of: whole, path: name) { throw Mismatch(expected: "\(name): \(fault)", got: whole) }
                        try expect(
                            "\(name): bytes after the end", Int(lseek(file.raw, 1 << 20, SEEK_SET)) > 0 ? try remaining(file) : -1, is: 0)
                    }
                }
            },
            Check("uptime goes forward") { context in
                try await context.withDebugMount { mount in
                    var last = 0.0
                    for _ in 0..<5 {
                        let text = try Files.text(mount.path("/proc/uptime"))
                        let now = try unwrap(text.split(separator: " ").first.flatMap { Double($0) }, "a number", got: text)
                        try expect(now > last, "more than \(last)", got: "\(now)")
                        last = now
                        try await Task.sleep(for: .milliseconds(30))
                    }
                }
            },
            Check("CPU time in stat never goes back while many read it") { context in
                try await context.withDebugMount { mount in
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for _ in 0..<4 {
                            group.addTask {
                                var last: [Int] = []
                                for _ in 0..<200 {
                                    let text = try Files.text(mount.path("/proc/stat"))
                                    let line = try unwrap(text.split(separator: "\n").first, "a line", got: "none")
                                    let now = line.split(separator: " ").compactMap { Int($0) }
                                    try expect(zip(last, now).allSatisfy { $0 <= $1 }, "at least \(last)", got: "\(now)")
                                    last = now
                                }
                            }
                        }
                        try await group.waitForAll()
                    }
                }
            },
        ])

    /// Files whose content shows when it was put together from two moments.
    private static var consistent: [String] { ["/proc/stat", "/proc/meminfo"] }

    /// A file from its beginning to its end, with so many microseconds of rest in all, and whether that was short enough to be judged.
    private static func pass(_ path: String, step: Int, rest: Int) throws -> (text: String, isShort: Bool) {
        let length = try Files.text(path).utf8.count
        let begin = ContinuousClock.now
        let file = try Files.open(path, flags: O_RDONLY)
        let text = try Files.read(file, step: step, rest: useconds_t(rest / (length / step + 1)))
        return (text, ContinuousClock.now - begin < .milliseconds(800))
    }

    private static func remaining(_ file: borrowing OwnedFD) throws -> Int {
        var byte: UInt8 = 0
        let raw = file.raw
        return Int(try Linux.check(unsafe read(raw, &byte, 1)))
    }
}

/// Sums that hold within one moment of a file.
enum Consistency {
    static func fault(of text: String, path: String) -> String? {
        Shape.fault(of: text, path: path) ?? torn(text, path: path)
    }

    static func torn(_ text: String, path: String) -> String? {
        guard path == "/proc/stat" || path == "/proc/meminfo" else { return nil }
        var sums: [String: [Int]] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split { $0 == " " || $0 == ":" }
            if let name = words.first { sums[String(name)] = words.dropFirst().compactMap { Int($0) } }
        }
        return path == "/proc/stat" ? stat(sums) : meminfo(sums)
    }

    /// The first line is the sum of the others; each rounds down to 1/100 s.
    private static func stat(_ values: [String: [Int]]) -> String? {
        guard let total = values["cpu"] else { return "a cpu line" }
        let parts = values.filter { $0.key.hasPrefix("cpu") && $0.key != "cpu" }.map(\.value)
        for column in total.indices {
            let sum = parts.reduce(0) { $0 + ($1.indices.contains(column) ? $1[column] : 0) }
            guard (0...parts.count).contains(total[column] - sum) else { return "column \(column) of cpu to be the sum of cpuN" }
        }
        return nil
    }

    private static func meminfo(_ values: [String: [Int]]) -> String? {
        for name in ["Active", "Inactive"] {
            guard let all = values[name]?.first, let anonymous = values["\(name)(anon)"]?.first, let file = values["\(name)(file)"]?.first
            else { return "\(name) and its parts" }
            guard all == anonymous + file else { return "\(name) to be the sum of its parts" }
        }
        return nil
    }
}
