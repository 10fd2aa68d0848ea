/// A random UUID of version 4, lower case.
func randomUUID() -> String {
    var generator = SystemRandomNumberGenerator()
    let high = (generator.next() & ~0xf000) | 0x4000
    let low = (generator.next() & ~(0b11 << 62)) | (0b10 << 62)
    func hex(_ value: UInt64, _ digits: Int) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
    }
    return [
        hex(high >> 32, 8), hex(high >> 16 & 0xffff, 4), hex(high & 0xffff, 4), hex(low >> 48, 4), hex(low & 0xffff_ffff_ffff, 12),
    ].joined(separator: "-")
}
