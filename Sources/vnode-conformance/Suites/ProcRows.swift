import Glibc
import Linux

extension Suite {
    /// Files of /proc whose content could be somebody else's.
    static let procRows = Suite(
        name: "proc rows",
        checks: [
            Check("locks are those of the vNode, numbered from 1") { context in
                let path = context.path("locked")
                try Files.put("", at: path)
                // Held by a process of the node, for as long as the check runs.
                let held = try Files.open(path, flags: O_RDWR)
                try expect(try Locks.tryLock(held), "a lock", got: "none")
                let all = try Files.text("/proc/locks")
                try expect(all.contains(" \(getpid()) "), "the lock among the node's", got: all)
                let text = try await context.inside("flock /tmp/l sh -c 'cat /proc/locks; ps -o ppid= -p $$'")
                let words = text.split { $0 == " " || $0 == "\n" }
                try expect(
                    words.count == 9 && words[0] == "1:" && words[1] == "FLOCK" && words[4] == words[8], "one lock, of flock", got: text)
            },
            Check("interrupts and softirqs have the CPUs of stat and no device") { context in
                let text = try await context.inside(
                    "head -n 1 /proc/interrupts; head -n 1 /proc/softirqs; grep -o '^cpu[0-9]*' /proc/stat | tail -n +2 | xargs; grep -c '^ *[0-9]' /proc/interrupts; true"
                )
                let lines = text.split(separator: "\n").map { $0.split(separator: " ").map { $0.uppercased() } }
                try expect(
                    lines.count == 4 && lines[0] == lines[1] && lines[1] == lines[2] && lines[3] == ["0"], "one list of CPUs", got: text)
            },
            Check("ps names terminals, and directories without entries have none") { context in
                let text = try await context.inside(
                    "cut -d ' ' -f 1 /proc/tty/drivers; find /proc/irq /proc/bus /proc/driver /proc/fs /proc/tty/ldisc -mindepth 1")
                try expect(
                    "drivers", text, is: "/dev/tty\n/dev/console\n/dev/ptmx\npty_slave\npty_master\n")
            },
        ])
}
