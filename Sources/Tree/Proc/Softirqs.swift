import Text

/// `/proc/softirqs`: `       TIMER:       1234       1180`
///
/// A column for each visible CPU, a row for each of the kernel's ten kinds. Source: `fs/proc/softirqs.c`. TIMER counts ticks of the
/// view's own CPU time (`Ticks.swift`); the others, which no cgroup keeps, are 0. Reads `cpu.stat`. Without it: zeros. Write: EACCES.
enum Softirqs {
    static func render(_ snapshot: borrowing Snapshot, _ instance: Int, _ out: inout ByteWriter) {
        writeCPUHeader(snapshot.cpuTimes, indent: 20, &out)
        for name in names {
            for _ in 0..<max(0, 12 - name.utf8.count) { out.write(byte: 0x20) }
            out.write(name)
            out.write(byte: 0x3a)
            for time in snapshot.cpuTimes {
                out.write(byte: 0x20)
                out.write(name == names[timer] ? time.ticks : 0, width: 10)
            }
            out.write(byte: 0x0a)
        }
    }

    static let names = ["HI", "TIMER", "NET_TX", "NET_RX", "BLOCK", "IRQ_POLL", "TASKLET", "SCHED", "HRTIMER", "RCU"]
    private static let timer = 1

    /// As the line of `/proc/stat`: the sum, then of each kind.
    static func writeLine(total ticks: UInt64, _ out: inout ByteWriter) {
        out.write("softirq ")
        out.write(ticks)
        for index in names.indices {
            out.write(byte: 0x20)
            out.write(index == timer ? ticks : 0)
        }
        out.write(byte: 0x0a)
    }
}
