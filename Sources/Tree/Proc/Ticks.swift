import Text

extension Snapshot.CPUTime {
    /// Ticks of a kernel of 250 Hz (NO_HZ) in the time the CPU was busy for the view: an idle CPU has none. The interrupt count
    /// that `/proc/interrupts`, `/proc/softirqs` and `/proc/stat` agree on.
    var ticks: UInt64 { busy / 4000 }

    /// Microseconds the view ran on the CPU.
    var busy: UInt64 { user.plus(nice).plus(system) }
}

/// The head of a file with a column a CPU: `indent` spaces, then `CPU0       ` for each.
func writeCPUHeader(_ times: [Snapshot.CPUTime], indent: Int, _ out: inout ByteWriter) {
    for _ in 0..<indent { out.write(byte: 0x20) }
    for time in times {
        out.write("CPU")
        let before = out.bytes.count
        out.write(time.id)
        for _ in 0..<max(0, 8 - (out.bytes.count - before)) { out.write(byte: 0x20) }
    }
    out.write(byte: 0x0a)
}
