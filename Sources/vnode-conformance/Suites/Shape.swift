/// What the lines of a file look like.
struct Shape {
    /// Paths as the table has them, or a prefix of them ending in `/`.
    let path: String
    let lines: ClosedRange<Int>
    /// Regular expression every line matches as a whole.
    let line: String
    /// Begins of lines that must be there.
    var needs: [String] = []

    static let all: [Shape] = [
        Shape(path: "/proc/cpuinfo", lines: 1...100_000, line: #"[A-Za-z][^:]*\t*: ?.*"#, needs: ["processor"]),
        Shape(
            path: "/proc/meminfo", lines: 20...100, line: #"[A-Za-z0-9_()]+: +\d+( kB)?"#,
            needs: ["MemTotal:", "MemFree:", "MemAvailable:", "Buffers:", "Cached:", "SwapTotal:", "SwapFree:", "SReclaimable:", "Shmem:"]),
        Shape(
            path: "/proc/stat", lines: 8...9000,
            line: #"cpu\d*  ?\d+( \d+){9}|(intr|softirq) \d+( \d+)*|(ctxt|btime|processes|procs_running|procs_blocked) \d+"#,
            needs: ["cpu ", "cpu0 ", "intr ", "ctxt ", "btime 1", "processes ", "procs_running ", "procs_blocked ", "softirq "]),
        Shape(path: "/proc/uptime", lines: 1...1, line: #"\d+\.\d\d \d+\.\d\d"#),
        Shape(path: "/proc/loadavg", lines: 1...1, line: #"\d+\.\d\d \d+\.\d\d \d+\.\d\d \d+/\d+ \d+"#),
        Shape(
            path: "/proc/swaps", lines: 1...64,
            line: #"Filename\t+Type\t+Size\t+Used\t+Priority|/\S+ +(file|partition)\t\d+\t+\d+\t+-?\d+"#, needs: ["Filename"]),
        Shape(path: "/proc/diskstats", lines: 0...4096, line: #" *\d+ +\d+ \S+( \d+){11,17}"#),
        Shape(
            path: "/proc/vmstat", lines: 20...1000, line: #"[a-z0-9_]+ \d+"#,
            needs: ["nr_free_pages ", "pgpgin ", "pgpgout ", "pswpin ", "pswpout "]),
        Shape(path: "/proc/version", lines: 1...1, line: #"Linux version \S+ .*#.*"#),
        Shape(path: "/proc/pressure/irq", lines: 0...1, line: #"full avg10=\d+\.\d\d avg60=\d+\.\d\d avg300=\d+\.\d\d total=\d+"#),
        Shape(
            path: "/proc/pressure/", lines: 1...2, line: #"(some|full) avg10=\d+\.\d\d avg60=\d+\.\d\d avg300=\d+\.\d\d total=\d+"#,
            needs: ["some "]),
        Shape(path: "/proc/filesystems", lines: 3...100, line: #"(nodev)?\t[a-z0-9]+"#, needs: ["nodev\tproc"]),
        Shape(path: "/proc/cmdline", lines: 1...1, line: #"root=/dev/vnode ro"#),
        Shape(
            path: "/proc/interrupts", lines: 3...100, line: #" {11}(CPU\d+ +)+|[A-Z]{3}:( +\d+)+(   [A-Za-z -]+)?"#,
            needs: [" ", "LOC:", "RES:", "ERR:"]),
        Shape(
            path: "/proc/softirqs", lines: 11...11, line: #" {20}(CPU\d+ +)+| +[A-Z_]+:( +\d+)+"#,
            needs: ["       TIMER:", "         RCU:"]),
        Shape(
            path: "/proc/schedstat", lines: 3...9000, line: #"version \d+|timestamp \d+|cpu\d+ \d+ 0( \d+){7}"#,
            needs: ["version 1", "timestamp ", "cpu0 "]),
        Shape(
            path: "/proc/zoneinfo", lines: 20...100_000,
            line: #"Node 0, zone   Normal|  per-node stats|  pagesets|    cpu: \d+|        protection: \(0(, 0)*\)| +[a-z][a-z_ ]*:? +\d+"#,
            needs: ["Node 0", "  pages free", "        managed", "      nr_free_pages", "    cpu: 0"]),
        Shape(path: "/proc/partitions", lines: 0...4096, line: #"major minor  #blocks  name| *\d+ +\d+ 1073741824 \S+"#),
        Shape(path: "/proc/locks", lines: 0...100_000, line: #"\d+: +(-> )?\S+ +\S+ +\S+ +\d+ \S+ \d+ (\d+|EOF)"#),
        Shape(
            path: "/proc/cgroups", lines: 3...32, line: #"#subsys_name\thierarchy\tnum_cgroups\tenabled|[a-z_]+\t0\t[1-9]\d*\t1"#,
            needs: ["cpu\t", "cpuset\t", "memory\t"]),
        Shape(path: "/proc/devices", lines: 4...100, line: #"(Character|Block) devices:| *\d+ \S+"#, needs: ["136 pts"]),
        Shape(path: "/proc/misc", lines: 1...1, line: "229 fuse"),
        Shape(path: "/proc/execdomains", lines: 1...1, line: #"0-0\tLinux           \t\[kernel\]"#),
        Shape(path: "/proc/crypto", lines: 10...100, line: #"[a-z ]{13}: \S+"#, needs: ["name "]),
        Shape(path: "/proc/tty/drivers", lines: 3...10, line: #"\S+ +/dev/\S+ +\d+ +[0-9-]+ \S+"#, needs: ["pty_slave "]),
        Shape(path: "/proc/tty/ldiscs", lines: 2...2, line: #"n_\S+ +\d+"#),
        Shape(path: "/proc/consoles", lines: 0...0, line: ""),
        Shape(path: "/proc/modules", lines: 0...0, line: ""),
        Shape(path: "/proc/mdstat", lines: 0...0, line: ""),
        Shape(path: "/proc/kallsyms", lines: 0...0, line: ""),
        Shape(path: "/proc/iomem", lines: 0...0, line: ""),
        Shape(path: "/proc/ioports", lines: 0...0, line: ""),
        Shape(path: "/proc/dma", lines: 0...0, line: ""),
        Shape(path: "/proc/fb", lines: 0...0, line: ""),
        Shape(path: "/proc/mtd", lines: 0...0, line: ""),
        Shape(path: "/proc/sys/net/ipv4/ip_local_reserved_ports", lines: 0...1, line: #"\d+(-\d+)?(,\d+(-\d+)?)*"#),
        Shape(path: "/proc/sys/kernel/ostype", lines: 1...1, line: "Linux"),
        Shape(path: "/proc/sys/kernel/osrelease", lines: 1...1, line: #"\d+\.\d+.*"#),
        Shape(path: "/proc/sys/kernel/version", lines: 1...1, line: "#.*"),
        Shape(path: "/proc/sys/kernel/hostname", lines: 1...1, line: #"[A-Za-z0-9.-]+"#),
        Shape(path: "/proc/sys/kernel/domainname", lines: 1...1, line: #"\(none\)"#),
        Shape(path: "/proc/sys/kernel/sem", lines: 1...1, line: #"\d+\t\d+\t\d+\t\d+"#),
        Shape(
            path: "/proc/sys/kernel/random/boot_id", lines: 1...1,
            line: #"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"#),
        Shape(
            path: "/proc/sys/kernel/random/uuid", lines: 1...1,
            line: #"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"#),
        Shape(path: "/proc/sys/crypto/fips_name", lines: 1...1, line: "Linux Kernel Cryptographic API"),
        Shape(path: "/proc/sys/crypto/fips_version", lines: 1...1, line: "\\S+"),
        Shape(path: "/proc/sys/net/ipv4/vs/est_cpulist", lines: 1...1, line: #"\d+(-\d+)?(,\d+(-\d+)?)*"#),
        Shape(path: "/proc/sys/kernel/core_modes", lines: 3...3, line: "[a-z]+"),
        Shape(path: "/proc/sys/kernel/seccomp/", lines: 1...1, line: "[a-z_ ]+"),
        Shape(path: "/proc/sys/kernel/arch", lines: 1...1, line: "[a-z0-9_]+"),
        Shape(path: "/proc/sys/kernel/modprobe", lines: 1...1, line: "/[a-z/]+"),
        Shape(path: "/proc/sys/kernel/poweroff_cmd", lines: 1...1, line: "/[a-z/]+"),
        Shape(path: "/proc/sys/kernel/core_pattern", lines: 1...1, line: "core"),
        Shape(path: "/proc/sys/kernel/printk_devkmsg", lines: 1...1, line: "on|off|ratelimit"),
        Shape(path: "/proc/sys/kernel/panic_sys_info", lines: 0...0, line: ""),
        Shape(path: "/proc/sys/kernel/kernel_sys_info", lines: 0...0, line: ""),
        Shape(path: "/proc/sys/kernel/softlockup_sys_info", lines: 0...0, line: ""),
        Shape(path: "/proc/sys/kernel/hardlockup_sys_info", lines: 0...0, line: ""),
        Shape(path: "/proc/sys/kernel/hung_task_sys_info", lines: 0...0, line: ""),
        Shape(path: "/proc/sys/kernel/watchdog_cpumask", lines: 1...1, line: #"\d+(-\d+)?(,\d+(-\d+)?)*"#),
        Shape(path: "/proc/sys/vm/stat_refresh", lines: 0...0, line: ""),
        Shape(path: "/proc/sys/vm/drop_caches", lines: 0...0, line: ""),
        Shape(path: "/proc/sys/vm/compact_memory", lines: 0...0, line: ""),
        Shape(path: "/proc/sys/vm/numa_zonelist_order", lines: 1...1, line: "Node"),
        Shape(path: "/proc/sys/", lines: 1...1, line: #"-?\d+(\t-?\d+)*"#),
        Shape(path: "/sys/devices/system/cpu/kernel_max", lines: 1...1, line: #"\d+"#),
        Shape(path: "/sys/devices/system/cpu/cpu*/online", lines: 1...1, line: "[01]"),
        Shape(path: "/sys/devices/system/cpu/offline", lines: 0...1, line: #"\d+(-\d+)?(,\d+(-\d+)?)*"#),
        Shape(path: "/sys/devices/system/cpu/isolated", lines: 0...1, line: #"\d+(-\d+)?(,\d+(-\d+)?)*"#),
        Shape(
            path: "/sys/devices/system/cpu/cpu*/topology/", lines: 1...1,
            line: #"-?\d+|[0-9a-f]{1,8}(,[0-9a-f]{8})*|\d+(-\d+)?(,\d+(-\d+)?)*"#),
        Shape(path: "/sys/devices/system/cpu/cpu*/cache/index*/type", lines: 1...1, line: "Data|Instruction|Unified"),
        Shape(
            path: "/sys/devices/system/cpu/cpu*/cache/", lines: 1...1,
            line: #"\d+K?|[0-9a-f]{1,8}(,[0-9a-f]{8})*|\d+(-\d+)?(,\d+(-\d+)?)*"#),
        Shape(path: "/sys/devices/system/cpu/vulnerabilities/", lines: 1...1, line: "[A-Z].*"),
        Shape(path: "/sys/devices/system/cpu/smt/", lines: 1...1, line: "[01]|on|notsupported"),
        Shape(path: "/sys/devices/system/cpu/nohz_full", lines: 0...0, line: ""),
        Shape(path: "/sys/devices/system/cpu/", lines: 1...1, line: #"\d+(-\d+)?(,\d+(-\d+)?)*"#),
        Shape(
            path: "/sys/devices/system/node/node*/meminfo", lines: 3...100, line: #"Node \d+ [A-Za-z0-9_()]+: +\d+( kB)?"#,
            needs: ["Node 0 MemTotal:"]),
        Shape(path: "/sys/devices/system/node/node*/numastat", lines: 6...6, line: #"[a-z_]+ \d+"#),
        Shape(path: "/sys/devices/system/node/node*/distance", lines: 1...1, line: #"\d+( \d+)*"#),
        Shape(path: "/sys/devices/system/node/node*/cpumap", lines: 1...1, line: "[0-9a-f]{1,8}(,[0-9a-f]{8})*"),
        Shape(path: "/sys/devices/system/node/", lines: 1...1, line: #"\d+(-\d+)?(,\d+(-\d+)?)*"#),
        Shape(path: "/sys/devices/system/memory/memory*/valid_zones", lines: 1...1, line: "Normal"),
        Shape(path: "/sys/devices/system/memory/memory*/phys_index", lines: 1...1, line: "[0-9a-f]{8}"),
        Shape(path: "/sys/devices/system/memory/", lines: 1...1, line: "[0-9a-f]+|online|offline"),
        Shape(
            path: "/sys/devices/virtual/dmi/", lines: 1...1,
            line: #"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"#),
        Shape(path: "/sys/devices/virtual/block/", lines: 0...4, line: ".*"),
        Shape(path: "/sys/kernel/", lines: 1...1, line: ".+"),
    ]

    /// What is wrong with a file's content; nil when it is well-formed.
    static func fault(of text: String, path: String) -> String? {
        guard let shape = all.first(where: { $0.path == path || $0.path.hasSuffix("/") && path.hasPrefix($0.path) }) else {
            return "a shape in the suite"
        }
        let lines = text.split(separator: "\n")
        guard shape.lines.contains(lines.count) else { return "\(shape.lines) lines" }
        guard text.isEmpty || text.hasSuffix("\n") else { return "a line feed at the end" }
        guard let regex = try? Regex(shape.line) else { return "a regular expression, not \(shape.line)" }
        for line in lines where line.wholeMatch(of: regex) == nil { return "lines like \(shape.line), not \"\(line)\"" }
        for need in shape.needs where !lines.contains(where: { $0.hasPrefix(need) }) { return "a line that begins with \"\(need)\"" }
        return nil
    }
}
