import Text

/// `/sys/devices/virtual/dmi/id/product_uuid`: `1a5fb4ad-7b0c-4a6c-9c4e-3a0f2f1c7d55`
///
/// Of the vNode, not of the node: made from its boot_id, so it stays for the vNode's life and is another one for every vNode. Mode
/// 0400 as the kernel's. Source: `drivers/firmware/dmi-id.c`. Write: EACCES.
enum ProductUUID {
    static func render(_ snapshot: borrowing Snapshot, _ instance: Int, _ out: inout ByteWriter) {
        var digits: [UInt8] = []
        for half in [0xcbf2_9ce4_8422_2325, 0x8422_2325_cbf2_9ce4] as [UInt64] {
            // FNV-1a: spreads what is random already.
            let hash = snapshot.identity.bootID.utf8.reduce(half) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
            let text = String(hash, radix: 16)
            digits += Array((String(repeating: "0", count: 16 - text.utf8.count) + text).utf8)
        }
        // A UUID of version 4, variant 1.
        digits[12] = UInt8(ascii: "4")
        digits[16] = UInt8(ascii: "a")
        for (index, digit) in digits.enumerated() {
            if [8, 12, 16, 20].contains(index) { out.write(byte: 0x2d) }
            out.write(byte: digit)
        }
        out.write(byte: 0x0a)
    }
}
