import Text

/// `/proc/schedstat`: `cpu0 0 0 0 0 0 0 1500000000 25000000 0`
///
/// The version of the node's kernel, the jiffies since the vNode started (250 Hz, counted from where the kernel's own start), and a
/// line a visible CPU: yields, 0, schedules, of those to idle, wake-ups, of those local, ns of tasks running, ns of tasks waiting,
/// timeslices. Source: `kernel/sched/stats.c`. No `domainN` lines: they would describe the node. Running is the view's CPU time,
/// waiting what a quota withheld; what no cgroup keeps is 0. Reads `cpu.stat`. Without it: zeros. Write: EACCES.
enum Schedstat {
    static func render(_ snapshot: borrowing Snapshot, _ instance: Int, _ out: inout ByteWriter) {
        out.write("version ")
        out.write(snapshot.identity.schedstatVersion)
        out.write("\ntimestamp ")
        out.write(initialJiffies.plus(snapshot.clock.uptime / 4_000_000))
        out.write(byte: 0x0a)
        for time in snapshot.cpuTimes {
            out.write("cpu")
            out.write(time.id)
            out.write(" 0 0 0 0 0 0 ")
            out.write(time.busy.times(1000))
            out.write(byte: 0x20)
            out.write(time.steal.times(1000))
            out.write(" 0\n")
        }
    }

    /// 2^32 - 300 s * 250 Hz: the kernel starts five minutes before its 32 bits are used up.
    private static let initialJiffies: UInt64 = 4_294_892_296
}
