extension FixedWidthInteger {
    /// The sum, or the end of the numbers where there is none: for what somebody may have written over.
    package func addingSaturating(_ other: Self) -> Self {
        let (sum, isTooLarge) = addingReportingOverflow(other)
        return isTooLarge ? (other < 0 ? .min : .max) : sum
    }
}
