import CLinux
import Glibc
public import SystemPackage

/// Descriptors that become readable when something happens.
public enum Events {
    /// Blocks `signals` for this thread and those it starts, and makes them readable instead.
    public static func signals(_ signals: [CInt]) throws(Errno) -> OwnedFD {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for signal in signals { unsafe sigaddset(&set, signal) }
        unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
        return OwnedFD(taking: try check(unsafe signalfd(-1, &set, CInt(SFD_CLOEXEC) | CInt(SFD_NONBLOCK))))
    }

    /// The next signal waiting at a descriptor made by `signals(_:)`.
    public static func nextSignal(_ descriptor: borrowing OwnedFD) -> CInt? {
        var info = signalfd_siginfo()
        let size = MemoryLayout<signalfd_siginfo>.size
        return unsafe Glibc.read(descriptor.raw, &info, size) == size ? CInt(info.ssi_signo) : nil
    }

    /// A clock that becomes readable every so often once started; 0 stops it.
    public static func timer() throws(Errno) -> OwnedFD {
        OwnedFD(taking: try check(timerfd_create(CLOCK_MONOTONIC, CInt(TFD_CLOEXEC) | CInt(TFD_NONBLOCK))))
    }

    public static func setTimer(_ timer: borrowing OwnedFD, milliseconds: Int) throws(Errno) {
        let period = timespec(tv_sec: milliseconds / 1000, tv_nsec: milliseconds % 1000 * 1_000_000)
        var setting = itimerspec(it_interval: period, it_value: period)
        _ = try check(unsafe timerfd_settime(timer.raw, 0, &setting, nil))
    }

    /// Takes back what made a timer or inotify descriptor readable.
    public static func drain(_ descriptor: borrowing OwnedFD) {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let raw = descriptor.raw
        while unsafe buffer.withUnsafeMutableBytes({ unsafe Glibc.read(raw, $0.baseAddress, $0.count) }) > 0 {}
    }

    public static func inotify() throws(Errno) -> OwnedFD {
        OwnedFD(taking: try check(inotify_init1(CInt(IN_CLOEXEC) | CInt(IN_NONBLOCK))))
    }

    /// Watches a file for writes. ENOENT when it does not exist. The result names the watch; the same file gives the same.
    public static func watch(_ path: String, with inotify: borrowing OwnedFD) throws(Errno) -> CInt {
        try check(unsafe inotify_add_watch(inotify.raw, path, UInt32(IN_MODIFY)))
    }

    public static func unwatch(_ watch: CInt, with inotify: borrowing OwnedFD) { _ = inotify_rm_watch(inotify.raw, watch) }

    /// The watches that saw something since the last call.
    public static func changed(_ inotify: borrowing OwnedFD) -> Set<CInt> {
        var found: Set<CInt> = []
        var buffer = [UInt8](repeating: 0, count: 8192)
        let raw = inotify.raw
        while true {
            let size = unsafe buffer.withUnsafeMutableBytes { unsafe Glibc.read(raw, $0.baseAddress, $0.count) }
            guard size > 0 else { return found }
            var at = 0
            let header = MemoryLayout<inotify_event>.size
            while at + header <= size {
                let event = unsafe buffer.withUnsafeBytes { unsafe $0.loadUnaligned(fromByteOffset: at, as: inotify_event.self) }
                found.insert(event.wd)
                at += header + Int(event.len)
            }
        }
    }
}
