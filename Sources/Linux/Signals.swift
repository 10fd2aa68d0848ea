import CLinux
import Glibc
public import SystemPackage

/// Signals taken as events instead of interruptions.
public struct SignalQueue: ~Copyable {
    public struct Event: Sendable {
        public let signal: CInt
        /// Sent by a process, not by the terminal or the kernel.
        public let isFromProcess: Bool
    }

    public let descriptor: OwnedFD
    private let before: UInt64

    /// Blocks `signals` and queues them from now on.
    public init(_ signals: [CInt]) throws(Errno) {
        var set: UInt64 = 0
        for signal in signals { set |= 1 << UInt64(signal) }
        var old: UInt64 = 0
        let queue = OwnedFD(taking: try check(unsafe clinux_signalfd(&set)))
        _ = try check(unsafe clinux_set_mask(SIG_BLOCK, set, &old))
        descriptor = queue
        before = old
    }

    /// The next queued signal; nil when there is none.
    public borrowing func next() -> Event? {
        // struct signalfd_siginfo: ssi_signo at 0, ssi_code at 8.
        var record = [Int32](repeating: 0, count: 32)
        let raw = descriptor.raw
        let size = unsafe record.withUnsafeMutableBytes { unsafe read(raw, $0.baseAddress, $0.count) }
        guard size == 128 else { return nil }
        return Event(signal: record[0], isFromProcess: record[2] <= 0)
    }
}

/// poll(2).
public enum Poll {
    /// Waits until one of `descriptors` can be read or has closed; answers which, none after `milliseconds` (-1: no limit).
    public static func readable(_ descriptors: [CInt], milliseconds: CInt = -1) throws(Errno) -> [Bool] {
        var list = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        let found = unsafe list.withUnsafeMutableBufferPointer { unsafe poll($0.baseAddress, nfds_t($0.count), milliseconds) }
        if found < 0 {
            let error = Errno(rawValue: errno)
            if error == .interrupted { return descriptors.map { _ in false } }
            throw error
        }
        return list.map { $0.revents != 0 }
    }
}
