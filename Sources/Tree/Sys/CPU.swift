import Text

/// `/sys/devices/system/cpu/{online,present,possible,offline,isolated,kernel_max}` and `cpuN/online`: `0-3,8`
///
/// CPU lists. online and present are the visible CPUs; possible and kernel_max stay the node's, because programs size per-CPU
/// arrays by them; offline is the rest of possible, as the kernel counts it; nothing is isolated. Source: `drivers/base/cpu.c`. Reads
/// `cpu.max`, `cpuset.cpus.effective` and the node's lists. cpuN exists for visible CPUs only. Write: EACCES.
enum CPU {
    static func visible(_ snapshot: borrowing Snapshot, _ instance: Int, _ out: inout ByteWriter) { list(snapshot.cpus.visible, &out) }

    static func possible(_ snapshot: borrowing Snapshot, _ instance: Int, _ out: inout ByteWriter) { list(snapshot.cpus.possible, &out) }

    static func offline(_ snapshot: borrowing Snapshot, _ instance: Int, _ out: inout ByteWriter) {
        let visible = snapshot.cpus.visible
        list(CPUSet(snapshot.cpus.possible.ids.filter { !visible.contains($0) }), &out)
    }

    static func isolated(_ snapshot: borrowing Snapshot, _ instance: Int, _ out: inout ByteWriter) { list(CPUSet(), &out) }

    static func kernelMax(_ snapshot: borrowing Snapshot, _ instance: Int, _ out: inout ByteWriter) {
        out.write(snapshot.cpus.kernelMax)
        out.write(byte: 0x0a)
    }

    /// CPU 0 has none: it cannot be taken offline.
    static func online(_ snapshot: borrowing Snapshot, _ instance: Int, _ out: inout ByteWriter) {
        if instance > 0 { out.write(snapshot.cpus.visible.contains(instance) ? "1\n" : "0\n") }
    }

    private static func list(_ set: CPUSet, _ out: inout ByteWriter) {
        out.write(set.list)
        out.write(byte: 0x0a)
    }
}
