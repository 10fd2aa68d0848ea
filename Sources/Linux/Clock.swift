import CLinux
import Glibc

/// The kernel's clocks, nanoseconds. CLOCK_MONOTONIC and CLOCK_BOOTTIME are those of the caller's time namespace.
public enum Clock {
    public static var monotonic: Int64 { read(CLOCK_MONOTONIC) }
    /// Since 1970.
    public static var wall: Int64 { read(CLOCK_REALTIME) }
    /// Since the machine started, suspended time included.
    public static var boot: Int64 { read(CLOCK_BOOTTIME) }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        guard unsafe clock_gettime(clock, &time) == 0 else { return 0 }
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}
