extension UInt64 {
    /// The difference, 0 where it would be negative.
    @inline(__always)
    public func minus(_ other: UInt64) -> UInt64 { self > other ? self &- other : 0 }

    /// The sum, or the largest number.
    @inline(__always)
    public func plus(_ other: UInt64) -> UInt64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }

    /// The product, or the largest number.
    @inline(__always)
    public func times(_ other: UInt64) -> UInt64 {
        let (product, overflow) = multipliedReportingOverflow(by: other)
        return overflow ? .max : product
    }
}
