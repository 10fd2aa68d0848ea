import CLinux
import Glibc

/// Nanoseconds of the kernel's clocks.
enum Clock {
    static var monotonic: Int64 { read(CLOCK_MONOTONIC) }
    static var wall: Int64 { read(CLOCK_REALTIME) }
    /// Since the node started, suspended time included.
    static var boot: Int64 { read(CLOCK_BOOTTIME) }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        unsafe clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
