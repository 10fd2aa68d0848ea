import Text

/// `/proc/cpuinfo`: `processor	: 1`
///
/// The node's blocks of the visible CPUs with the kernel's own ids, its alignment and its values; `siblings` and `cpu cores`
/// counted again among the visible. Source: `arch/x86/kernel/cpu/proc.c`, `arch/arm64/kernel/cpuinfo.c`. Reads the node's cpuinfo,
/// once: `cpu MHz` does not follow the node's load. Without it: empty. Write: EACCES.
enum Cpuinfo {
    static func render(_ snapshot: borrowing Snapshot, _ instance: Int, _ out: inout ByteWriter) {
        let visible = snapshot.cpus.visible
        let shown = snapshot.processors.filter { visible.contains($0.id) }
        var siblings: [Int: Int] = [:]
        var cores: [Int: Set<Int>] = [:]
        for processor in shown {
            guard let package = processor.package else { continue }
            siblings[package, default: 0] += 1
            cores[package, default: []].insert(processor.core ?? processor.id)
        }
        for processor in shown {
            for line in processor.lines {
                out.write(line.label)
                switch (line.name, processor.package) {
                case ("siblings", let package?): write(siblings[package] ?? 1, &out)
                case ("cpu cores", let package?): write(cores[package]?.count ?? 1, &out)
                default: out.write(line.value)
                }
                out.write(byte: 0x0a)
            }
            out.write(byte: 0x0a)
        }
    }

    private static func write(_ count: Int, _ out: inout ByteWriter) {
        out.write(byte: 0x20)
        out.write(count)
    }
}
