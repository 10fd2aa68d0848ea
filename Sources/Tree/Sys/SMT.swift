import Text

/// `/sys/devices/system/cpu/smt/{active,control}`: `1`, `on`
///
/// Whether two visible CPUs are threads of one core. Source: `kernel/cpu.c`. `notsupported` where none are: what the node could do is
/// not the view's. Write: EACCES.
enum SMT {
    static func active(_ snapshot: borrowing Snapshot, _ instance: Int, _ out: inout ByteWriter) {
        out.write(isActive(snapshot) ? "1\n" : "0\n")
    }

    static func control(_ snapshot: borrowing Snapshot, _ instance: Int, _ out: inout ByteWriter) {
        out.write(isActive(snapshot) ? "on\n" : "notsupported\n")
    }

    private static func isActive(_ snapshot: borrowing Snapshot) -> Bool {
        let visible = snapshot.cpus.visible
        return snapshot.cpus.topology.values.contains { $0.coreCPUs.intersection(visible).count > 1 }
    }
}
