import Text

/// `/proc/uptime`: `12.34 20.10`
///
/// Seconds since the vNode started, and the idle time of all its CPUs together. Source: `fs/proc/uptime.c`. Reads the clock and
/// `cpu.stat`. Without a cpu.stat: idle is CPUs times uptime. Write: EACCES.
enum Uptime {
    static func render(_ snapshot: borrowing Snapshot, _ instance: Int, _ out: inout ByteWriter) {
        write(hundredths: snapshot.clock.uptime / 10_000_000, &out)
        out.write(byte: 0x20)
        write(hundredths: snapshot.cpuTotal.idle / 10_000, &out)
        out.write(byte: 0x0a)
    }

    private static func write(hundredths: UInt64, _ out: inout ByteWriter) {
        out.write(hundredths / 100)
        out.write(byte: 0x2e)
        out.write(hundredths % 100, width: 2, pad: 0x30)
    }
}
