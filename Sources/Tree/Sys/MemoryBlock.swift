import Text

/// `/sys/devices/system/memory/{block_size_bytes,memoryN/phys_index}`: `8000000`, `00000003`
///
/// Hexadecimal. The view's MemTotal in blocks of 128 MiB, larger ones where there would be more than 1,024, rounded up: as on a
/// machine, where MemTotal is what the kernel left of its blocks. All of them are online, in zone Normal and at the beginning of
/// physical memory, of which a view knows nothing. Source: `drivers/base/memory.c`. Reads `memory.max`. Write: EACCES.
enum MemoryBlock {
    static func size(_ snapshot: borrowing Snapshot, _ instance: Int, _ out: inout ByteWriter) {
        out.write(String(snapshot.memoryBlocks.size, radix: 16))
        out.write(byte: 0x0a)
    }

    static func index(_ snapshot: borrowing Snapshot, _ instance: Int, _ out: inout ByteWriter) {
        let digits = String(max(0, instance), radix: 16)
        out.write(String(repeating: "0", count: max(0, 8 - digits.utf8.count)) + digits + "\n")
    }
}
