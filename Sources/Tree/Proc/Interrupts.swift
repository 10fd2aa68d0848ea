import Text

/// `/proc/interrupts`: `LOC:       1234       1180   Local timer interrupts`
///
/// A column for each visible CPU. Source: `kernel/irq/proc.c`, `arch/x86/kernel/irq.c`. The rows are the same on every machine: no
/// device is the view's, so none is listed, and of those of the architecture every x86 kernel has these. LOC counts ticks of the
/// view's own CPU time (`Ticks.swift`); the others, which no cgroup keeps, are 0. Reads `cpu.stat`. Without it: zeros. Write: EACCES.
enum Interrupts {
    static func render(_ snapshot: borrowing Snapshot, _ instance: Int, _ out: inout ByteWriter) {
        writeCPUHeader(snapshot.cpuTimes, indent: 11, &out)
        for (label, name) in rows {
            write(label, &out)
            for time in snapshot.cpuTimes {
                out.write(byte: 0x20)
                out.write(label == "LOC" ? time.ticks : 0, width: 10)
            }
            out.write("   ")
            out.write(name)
            out.write(byte: 0x0a)
        }
        for label in ["ERR", "MIS"] {
            write(label, &out)
            out.write("          0\n")
        }
    }

    private static func write(_ label: String, _ out: inout ByteWriter) {
        out.write(label)
        out.write(byte: 0x3a)
    }

    private static let rows = [
        ("NMI", "Non-maskable interrupts"),
        ("LOC", "Local timer interrupts"),
        ("SPU", "Spurious interrupts"),
        ("PMI", "Performance monitoring interrupts"),
        ("IWI", "IRQ work interrupts"),
        ("RTR", "APIC ICR read retries"),
        ("RES", "Rescheduling interrupts"),
        ("CAL", "Function call interrupts"),
        ("TLB", "TLB shootdowns"),
    ]
}
