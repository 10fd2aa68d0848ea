import Glibc

/// The node's clocks in nanoseconds, replaceable in tests.
public struct Clocks: Sendable {
    /// CLOCK_BOOTTIME: since the node booted, suspended time included.
    public var boot: @Sendable () -> UInt64
    /// CLOCK_REALTIME: since 1970.
    public var real: @Sendable () -> UInt64

    public init(boot: @escaping @Sendable () -> UInt64, real: @escaping @Sendable () -> UInt64) {
        self.boot = boot
        self.real = real
    }

    public static let system = Clocks(boot: { now(CLOCK_BOOTTIME) }, real: { now(CLOCK_REALTIME) })

    private static func now(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        guard unsafe clock_gettime(clock, &time) == 0 else { return 0 }
        return UInt64(clamping: time.tv_sec) &* 1_000_000_000 &+ UInt64(clamping: time.tv_nsec)
    }
}
