import Linux
import Tree

extension Suite {
    static let defaultDeny = Suite(
        name: "default deny",
        checks: [
            Check("every readable file of /proc and /sys answers") { context in
                let script = """
                    find /proc -maxdepth 1 -name '[0-9]*' -prune -o -type f -print >/tmp/files; find /sys -type f >>/tmp/files
                    wc -l </tmp/files
                    while read f; do
                        [ -r "$f" ] || continue
                        timeout 30 head -c 1000000 "$f" >/dev/null 2>&1
                        [ $? = 124 ] && echo "$f"
                    done </tmp/files
                    true
                    """
                let lines = try await context.inside(script, bound: .seconds(900)).split(separator: "\n")
                try expect((lines.first.flatMap { Int($0) } ?? 0) > 80, "more than 80 files", got: "\(lines.first ?? "")")
                try expect(lines.count == 1, "an answer from every file", got: lines.dropFirst().joined(separator: " "))
            },
            Check("files of the table answer and have their shape") { context in
                // Below `net` there are those of the table that the kernel has not.
                let rows = Table.rows.filter {
                    $0.kind == .file && $0.render != nil && $0.mode & 0o400 != 0 && !$0.path.contains("*")
                        && !$0.path.hasPrefix("/proc/sys/net/")
                }
                let script = rows.map { "echo '== \($0.path)'; cat \($0.path) || echo FAILED" }.joined(separator: "; ")
                let text = try await context.inside(script)
                // Nothing can be bound over what this kernel does not have.
                let absent = Set(rows.map(\.path).filter { !Files.exists($0) })
                let parts = text.split(separator: "== ", omittingEmptySubsequences: true)
                try expect("files", parts.count, is: rows.count)
                for part in parts {
                    guard let end = part.firstIndex(of: "\n") else { continue }
                    let path = String(part[..<end])
                    if absent.contains(path) { continue }
                    let content = String(part[part.index(after: end)...])
                    if let fault = Shape.fault(of: content, path: path) { throw Mismatch(expected: "\(path): \(fault)", got: content) }
                }
            },
            Check("files that are denied, or that no row decided, cannot be read") { context in
                let denied = Files.names("/proc").filter { Int($0) == nil && isDenied("/proc/\($0)") && Files.isRegular("/proc/\($0)") }
                for name in ["kmsg", "vmallocinfo"] { try expect(denied.contains(name), "\(name) among them", got: "\(denied)") }
                let text = try await context.inside(
                    denied.map { "head -c 1 /proc/\($0) >/dev/null 2>&1 && echo \($0)" }.joined(separator: "; ") + "; true")
                try expect("of \(denied.count) files those read", text, is: "")
            },
            Check("directories that are denied, or that no row decided, are empty") { context in
                let empty = Files.names("/proc").filter {
                    Int($0) == nil && Files.isDirectory("/proc/\($0)") && (isDenied("/proc/\($0)") || row("/proc/\($0)")?.policy == .empty)
                }
                try expect(empty.contains("irq") && empty.contains("bus"), "irq and bus among them", got: "\(empty)")
                let text = try await context.inside(empty.map { "find /proc/\($0) -mindepth 1" }.joined(separator: "; "))
                try expect("content of \(empty.count) directories", text, is: "")
            },
            Check("sysctls no row decided cannot be read") { context in
                let text = try await context.inside(
                    "find /proc/sys -path /proc/sys/net -prune -o -path /proc/sys/user -prune -o -type f -print | while read f; do head -c 1 \"$f\" >/dev/null 2>&1 && echo \"$f\"; done; true"
                )
                let read = text.split(separator: "\n").map(String.init)
                try expect(read.contains("/proc/sys/kernel/ostype"), "ostype", got: text)
                try expect(read.allSatisfy { row($0) != nil }, "rows of the table", got: "\(read.filter { row($0) == nil })")
            },
            Check("/sys has the table's files and nothing else") { context in
                let text = try await context.inside(
                    "find /sys -path /sys/fs/cgroup -prune -o -path /sys/devices/virtual/net -prune -o ! -type d -print")
                for path in text.split(separator: "\n") where !path.hasPrefix("/sys/class/net/") {
                    let row = Catalog.standard.place(at: String(path)).flatMap { Catalog.standard[$0].row }
                    try expect(row?.render != nil, "a row", got: String(path))
                }
                try expect(text.contains("/sys/devices/system/cpu/cpu0/topology/core_id"), "core_id", got: text)
            },
            Check("nothing in /proc or /sys can be written that is the node's") { context in
                let script = """
                    for f in /proc/sys/kernel/core_pattern /proc/sys/kernel/modprobe /proc/sysrq-trigger /proc/sys/vm/drop_caches /proc/sys/kernel/sysrq \
                        /proc/sys/kernel/panic /proc/sys/kernel/shmmax /proc/sys/vm/overcommit_memory /proc/sys/fs/file-max /proc/irq/default_smp_affinity \
                        /proc/meminfo /proc/cpuinfo /sys/devices/system/cpu/cpu1/online /proc/pressure/cpu; do
                        (echo h >"$f") 2>/dev/null && echo "$f"
                    done; true
                    """
                let pattern = try Files.text("/proc/sys/kernel/core_pattern")
                try expect("written", try await context.inside(script), is: "")
                try expect("core_pattern", try Files.text("/proc/sys/kernel/core_pattern"), is: pattern)
            },
            Check("no file of the view carries the node's host name, boot id or command line") { context in
                let marks = try ["/proc/sys/kernel/hostname", "/proc/sys/kernel/random/boot_id", "/proc/cmdline"].map {
                    trim(try Files.text($0))
                }
                let text = try await context.inside(
                    "cat /proc/sys/kernel/hostname /proc/sys/kernel/random/boot_id /proc/cmdline /proc/version /etc/hostname; env")
                for mark in marks where mark.count > 3 { try expect(!text.contains(mark), "nothing with \(mark)", got: text) }
            },
            Check("boot_id stays within a vNode and is another one in the next") { context in
                let script =
                    "cat /proc/sys/kernel/random/boot_id /proc/sys/kernel/random/boot_id /proc/sys/kernel/random/uuid /proc/sys/kernel/random/uuid"
                let first = try await context.inside(script).split(separator: "\n")
                let second = try await context.inside(script).split(separator: "\n")
                try expect(first.count == 4 && first[0] == first[1] && first[2] != first[3], "one boot id, two uuids", got: "\(first)")
                try expect(second.first != first.first, "another boot id", got: "\(second)")
            },
        ])

    private static func row(_ path: String) -> Row? { Table.rows.first { $0.path == path } }

    /// Whether nothing of an entry of /proc is to be seen: no row at or below it but one that denies.
    private static func isDenied(_ path: String) -> Bool {
        Table.rows.allSatisfy { $0.policy == .deny || $0.path != path && !$0.path.hasPrefix(path + "/") }
    }
}
