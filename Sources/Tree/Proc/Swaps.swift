import Text

/// `/proc/swaps`: `/dev/swap                               partition	65536		0		-2`
///
/// The kernel's heading, and one device of the view's swap (kB, kB used) while it has any. Source: `mm/swapfile.c`
/// (`swap_show`). Reads `memory.swap.{max,current}` and the node's SwapTotal. Without a memory controller: the node's total and
/// use, still as one device. Write: EACCES.
enum Swaps {
    static let device = "/dev/swap"

    static func render(_ snapshot: borrowing Snapshot, _ instance: Int, _ out: inout ByteWriter) {
        out.write("Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n")
        let memory = Memory(snapshot)
        guard memory.swapTotal > 0 else { return }
        let used = memory.swapTotal.minus(memory.swapFree)
        out.write(device)
        for _ in device.utf8.count..<40 { out.write(byte: 0x20) }
        out.write("partition\t")
        for number in [memory.swapTotal, used] {
            out.write(number)
            out.write(number < 10_000_000 ? "\t\t" : "\t")
        }
        out.write("-2\n")
    }
}
