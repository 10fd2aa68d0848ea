/// The bytes of one answer, built front to back. Nothing here can fail or trap.
public struct ByteWriter: Sendable {
    public private(set) var bytes: [UInt8] = []

    public init(capacity: Int = 0) { bytes.reserveCapacity(capacity) }

    public mutating func write(_ text: String) { bytes.append(contentsOf: text.utf8) }

    // Not one generic function: that would not be specialised outside this module.
    public mutating func write(_ text: [UInt8]) { bytes.append(contentsOf: text) }

    public mutating func write(_ text: ArraySlice<UInt8>) { bytes.append(contentsOf: text) }

    public mutating func write(_ text: Span<UInt8>) { unsafe text.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) } }

    public mutating func write(byte: UInt8) { bytes.append(byte) }

    /// Decimal, as printf's `%llu` and `%lld`, padded on the left to `width` with `pad` (a space, or "0"), as `%8llu` and `%08llu`.
    @inlinable
    public mutating func write(_ number: some FixedWidthInteger, width: Int = 0, pad: UInt8 = 0x20) {
        write(magnitude: UInt64(truncatingIfNeeded: number.magnitude), isNegative: number < 0, width: width, pad: pad)
    }

    /// Room for the longest number and its sign.
    private static let longest = 24

    /// The same for a number that needs no conversion.
    public mutating func write(magnitude: UInt64, isNegative: Bool = false, width: Int = 0, pad: UInt8 = 0x20) {
        var text = InlineArray<24, UInt8>(repeating: pad)
        var at = ByteWriter.longest
        var left = magnitude
        repeat {
            at -= 1
            text[at] = 0x30 + UInt8(truncatingIfNeeded: left % 10)
            left /= 10
        } while left > 0
        if isNegative {
            at -= 1
            text[at] = 0x2d
        }
        if width > ByteWriter.longest { bytes.append(contentsOf: repeatElement(pad, count: width - ByteWriter.longest)) }
        let start = min(at, max(0, ByteWriter.longest - width))
        unsafe text.span.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: UnsafeBufferPointer(rebasing: $0[start...])) }
    }
}
