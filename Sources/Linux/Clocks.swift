import Glibc

/// Clocks of the node.
public enum Clocks {
    /// CLOCK_BOOTTIME and CLOCK_MONOTONIC of the caller's time namespace, nanoseconds.
    public static func now() -> (boot: UInt64, monotonic: UInt64) { (read(CLOCK_BOOTTIME), read(CLOCK_MONOTONIC)) }

    private static func read(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        _ = unsafe clock_gettime(clock, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
