import Glibc
import Linux

extension Suite {
    /// Programs people look at a machine with: no complaint, and the numbers of the files.
    static let tools = Suite(
        name: "tools",
        checks: [
            quiet("free"), quiet("free", "-m"), quiet("uptime"), quiet("uptime", "-p"), quiet("top", "-bn1"), quiet("ps"),
            quiet("ps", "-ef"), quiet("ps", "aux"),
            quiet("vmstat"), quiet("vmstat", "-s"), quiet("nproc"), quiet("lscpu"), quiet("lscpu", "-e"), quiet("lsmem"), quiet("w"),
            quiet("df", "/proc"),
            quiet("pgrep", "-a", "."), quiet("mount"), quiet("findmnt"),
            Check("free says what meminfo says") { context in
                let text = try await context.inside("free -k; cat /proc/meminfo")
                let lines = text.split(separator: "\n").map { $0.split(separator: " ") }
                let total = lines.first { $0.first == "Mem:" }?.dropFirst().first
                let wanted = lines.first { $0.first == "MemTotal:" }?.dropFirst().first
                try expect(total != nil && total == wanted, "one MemTotal", got: text)
                let node = try Files.text("/proc/meminfo").split(separator: "\n").first.map { $0.split(separator: " ") }?.dropFirst().first
                try expect(total == node, "the node's MemTotal, as there is no limit: \(node ?? "")", got: text)
            },
            Check("uptime, ps and the kernel agree on the start") { context in
                let text = try await context.inside(
                    "date -d \"$(uptime -s)\" +%s; sed -n 's/^btime //p' /proc/stat; echo $(($(date +%s) - $(cut -d. -f1 /proc/uptime)))")
                let starts = text.split(separator: "\n").compactMap { Int($0) }
                let now = Int(time(nil))
                try expect(
                    starts.count == 3 && starts.allSatisfy { (now - 15...now + 1).contains($0) }, "three times within 15 s before \(now)",
                    got: text)
                try expect((starts.max() ?? 0) - (starts.min() ?? 0) <= 2, "times within 2 s of each other", got: text)
            },
            Check("top shows the CPUs' and the memory's size") { context in
                let text = try await context.inside("top -bn1; sed -n 's/MemTotal: *//p' /proc/meminfo")
                let kib = try unwrap(
                    text.split(separator: "\n").last?.split(separator: " ").first.flatMap { Double($0) }, "MemTotal", got: text)
                let line = try unwrap(text.split(separator: "\n").first { $0.hasPrefix("MiB Mem") }, "a line MiB Mem", got: text)
                let shown = line.split(whereSeparator: { $0 == " " || $0 == ":" }).compactMap { Double($0) }.first
                try expect(shown.map { abs($0 - kib / 1024) < 1 } == true, "\(kib / 1024) MiB", got: "\(line)")
                try expect(text.contains("load average: 0.0"), "a load of this vNode", got: text)
            },
            Check("vmstat shows free memory as meminfo does") { context in
                let text = try await context.inside("vmstat -S K | tail -n 1; sed -n 's/MemFree: *//p' /proc/meminfo")
                let lines = text.split(separator: "\n").map { $0.split(separator: " ").compactMap { Int($0) } }
                try expect(lines.count == 2 && lines[0].count > 3 && !lines[1].isEmpty, "numbers", got: text)
                try expect(
                    abs(lines[0][3] - lines[1][0] * 1024 / 1000) < 400_000 || abs(lines[0][3] - lines[1][0]) < 400_000,
                    "about the same twice", got: text)
            },
            Check("nproc, lscpu and getconf count the CPUs of the files") { context in
                let text = try await context.inside(
                    "nproc; getconf _NPROCESSORS_ONLN; lscpu -p=cpu | grep -vc '#'; grep -c ^processor /proc/cpuinfo; ls -d /sys/devices/system/cpu/cpu[0-9]* | wc -l"
                )
                let counts = text.split(separator: "\n").compactMap { Int($0) }
                try expect(counts.count == 5 && Set(counts).count == 1, "one number five times", got: text)
                try expect("CPUs, as there is no limit", counts.first, is: sysconf(Int32(_SC_NPROCESSORS_ONLN)))
            },
        ])

    private static func quiet(_ words: String...) -> Check {
        Check("\(words.joined(separator: " ")) runs without complaint") { context in
            let outcome = try await context.run(words)
            try expect(
                outcome.status == 0 && outcome.error.isEmpty && !outcome.output.isEmpty, "status 0, some output, no error",
                got: outcome.summary)
        }
    }
}
