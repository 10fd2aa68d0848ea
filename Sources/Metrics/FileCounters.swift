import Text

/// What happened to one file of one vNode. Counts stop at the largest number.
public struct FileCounters<Count: FixedWidthInteger & UnsignedInteger & BitwiseCopyable & Sendable>: Sendable, Equatable {
    public private(set) var requests: UInt64 = 0
    /// Requests whose answer was rendered anew.
    public private(set) var refills: UInt64 = 0
    public private(set) var errors: UInt64 = 0
    /// All service times together.
    public private(set) var nanoseconds: UInt64 = 0
    public private(set) var histogram = Histogram<Count>()

    public init() {}

    public init(requests: UInt64, refills: UInt64, errors: UInt64, nanoseconds: UInt64, histogram: Histogram<Count>) {
        self.requests = requests
        self.refills = refills
        self.errors = errors
        self.nanoseconds = nanoseconds
        self.histogram = histogram
    }

    @inline(__always)
    public mutating func record(nanoseconds time: Int64, isRefill: Bool, isError: Bool) {
        requests = requests.plus(1)
        refills = refills.plus(isRefill ? 1 : 0)
        errors = errors.plus(isError ? 1 : 0)
        nanoseconds = nanoseconds.plus(UInt64(clamping: time))
        histogram.add(nanoseconds: time)
    }

    public mutating func merge<Other>(_ other: FileCounters<Other>) {
        requests = requests.plus(other.requests)
        refills = refills.plus(other.refills)
        errors = errors.plus(other.errors)
        nanoseconds = nanoseconds.plus(other.nanoseconds)
        histogram.merge(other.histogram)
    }
}
