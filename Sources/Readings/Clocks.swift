import Linux

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

    public static let system = Clocks(boot: { UInt64(clamping: Clock.boot) }, real: { UInt64(clamping: Clock.wall) })
}
