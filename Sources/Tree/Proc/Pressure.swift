import Text

/// `/proc/pressure/{cpu,memory,io,irq}`: `some avg10=2.59 avg60=1.88 avg300=6.96 total=51872833`
///
/// Share of time (percent) in which some or all tasks of the view's cgroup waited, and the total (us). Source:
/// `kernel/sched/psi.c`. Reads `{cpu,memory,io,irq}.pressure` of the cgroup and passes them on. Without them: empty, never the
/// node's own. Write: a trigger
/// (`PressureTrigger.swift`).
enum Pressure {
    static func cpu(_ snapshot: borrowing Snapshot, _ instance: Int, _ out: inout ByteWriter) { out.write(snapshot.pressure.cpu) }

    static func memory(_ snapshot: borrowing Snapshot, _ instance: Int, _ out: inout ByteWriter) { out.write(snapshot.pressure.memory) }

    static func irq(_ snapshot: borrowing Snapshot, _ instance: Int, _ out: inout ByteWriter) { out.write(snapshot.pressure.irq) }

    static func io(_ snapshot: borrowing Snapshot, _ instance: Int, _ out: inout ByteWriter) { out.write(snapshot.pressure.io) }
}
