import Text

/// `/proc/stat`: `cpu  29523 0 8160 203648 0 0 0 50 0 0`
///
/// user nice system idle iowait irq softirq steal guest guest_nice in USER_HZ (1/100 s), summed and of each visible CPU; then
/// intr, ctxt, btime (s), processes, procs_running, procs_blocked, softirq. Source: `fs/proc/stat.c`. Reads `cpu.stat`, split over
/// the visible CPUs, with throttled time as steal; `cgroup.threads` for the tasks. Interrupts and timer softirqs are the ticks of
/// `/proc/interrupts`. What no cgroup keeps is 0: iowait, irq, softirq, guest, context switches. Without cpu.stat: all idle. Write:
/// EACCES.
enum Stat {
    static func render(_ snapshot: borrowing Snapshot, _ instance: Int, _ out: inout ByteWriter) {
        out.write("cpu ")
        write(snapshot.cpuTotal, &out)
        for time in snapshot.cpuTimes {
            out.write("cpu")
            out.write(time.id)
            write(time, &out)
        }
        let ticks = snapshot.cpuTotal.ticks
        out.write("intr ")
        out.write(ticks)
        out.write("\nctxt 0\nbtime ")
        out.write(snapshot.clock.bootTime)
        out.write("\nprocesses ")
        out.write(snapshot.tasks.forks)
        out.write("\nprocs_running ")
        out.write(max(1, snapshot.tasks.running))
        out.write("\nprocs_blocked ")
        out.write(snapshot.tasks.blocked)
        out.write(byte: 0x0a)
        Softirqs.writeLine(total: ticks, &out)
    }

    private static func write(_ time: Snapshot.CPUTime, _ out: inout ByteWriter) {
        ticks(time.user, &out)
        ticks(time.nice, &out)
        ticks(time.system, &out)
        ticks(time.idle, &out)
        out.write(" 0 0 0")
        ticks(time.steal, &out)
        out.write(" 0 0\n")
    }

    private static func ticks(_ microseconds: UInt64, _ out: inout ByteWriter) {
        out.write(byte: 0x20)
        out.write(microseconds / 10_000)
    }
}
