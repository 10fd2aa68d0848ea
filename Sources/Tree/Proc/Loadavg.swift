import Text

/// `/proc/loadavg`: `0.20 0.18 0.12 1/80 11206`
///
/// Loads over 1, 5, 15 minutes (tasks), runnable/total tasks, last pid of the view's PID namespace. Source: `fs/proc/loadavg.c`;
/// `kernel/sched/loadavg.c` for the decay. Reads `cgroup.threads` and the tasks' states, `cpu.stat` for times nobody looked.
/// At least the reader itself is runnable, as on a real machine. Write: EACCES.
enum Loadavg {
    static func render(_ snapshot: borrowing Snapshot, _ instance: Int, _ out: inout ByteWriter) {
        for load in [snapshot.load.one, snapshot.load.five, snapshot.load.fifteen] {
            let rounded = load.plus(2048 / 200)
            out.write(rounded >> 11)
            out.write(byte: 0x2e)
            out.write(((rounded & 2047) * 100) >> 11, width: 2, pad: 0x30)
            out.write(byte: 0x20)
        }
        let running = max(1, snapshot.tasks.running)
        out.write(running)
        out.write(byte: 0x2f)
        out.write(max(running, snapshot.tasks.total))
        out.write(byte: 0x20)
        out.write(snapshot.tasks.lastPID)
        out.write(byte: 0x0a)
    }
}
