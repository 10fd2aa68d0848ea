/// The bytes of one answer, built front to back. Nothing here can fail or trap.
public struct ByteWriter: Sendable {
    public private(set) var bytes: [UInt8] = []

    public init(capacity: Int = 0) { bytes.reserveCapacity(capacity) }

    public mutating func write(_ text: String) { bytes.append(contentsOf: text.utf8) }

    public mutating func write(_ text: some Sequence<UInt8>) { bytes.append(contentsOf: text) }

    public mutating func write(byte: UInt8) { bytes.append(byte) }

    /// Decimal, as printf's `%llu` and `%lld`.
    public mutating func write(_ number: some FixedWidthInteger) { write(number, width: 0) }

    /// Decimal, padded on the left to `width` with `pad` (a space, or "0"), as `%8llu` and `%08llu`.
    public mutating func write(_ number: some FixedWidthInteger, width: Int, pad: UInt8 = 0x20) {
        var magnitude = UInt64(truncatingIfNeeded: number.magnitude)
        let start = bytes.count
        repeat {
            bytes.append(0x30 + UInt8(truncatingIfNeeded: magnitude % 10))
            magnitude /= 10
        } while magnitude > 0
        if number < 0 { bytes.append(0x2d) }
        while bytes.count - start < width { bytes.append(pad) }
        bytes[start...].reverse()
    }
}
