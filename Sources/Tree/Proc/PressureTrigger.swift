import Text

/// What is waited for in a file of `/proc/pressure`.
public enum PressureResource: UInt8, Sendable, CaseIterable {
    case cpu = 1, memory, io, irq

    var name: String {
        switch self {
        case .cpu: "cpu"
        case .memory: "memory"
        case .io: "io"
        case .irq: "irq"
        }
    }
}

/// A trigger written to a file of `/proc/pressure`: `some 150000 1000000`
///
/// Some or all tasks, microseconds of waiting within a window of so many microseconds. Source: `kernel/sched/psi.c`
/// (`psi_trigger_create`, `psi_write`). EINVAL for anything else.
public struct PressureTrigger: Sendable, Equatable {
    public enum Share: UInt8, Sendable {
        /// `some`
        case anybody = 1
        /// `full`
        case everybody
    }

    public let share: Share
    public let threshold: UInt64
    public let window: UInt64

    /// What a write(2) gives. Its last byte, a newline or a zero byte, does not count, nor does what is beyond 32 bytes.
    /// Who has no privileges gets windows of whole 2 s only; `irq` knows no `some`.
    public init?(_ written: [UInt8], of resource: PressureResource, isPrivileged: Bool) {
        let text = written.prefix(32).dropLast().prefix { $0 != 0 }
        guard let share: Share = text.starts(with: "some".utf8) ? .anybody : text.starts(with: "full".utf8) ? .everybody : nil,
            resource != .irq || share == .everybody
        else { return nil }
        var rest = text.dropFirst(4)
        func number() -> UInt64? {
            rest = rest.drop { $0 == 0x20 || (0x09...0x0d).contains($0) }
            let digits = rest.prefix { (0x30...0x39).contains($0) }
            rest = rest[digits.endIndex...]
            return Digits.parse(digits)
        }
        guard let threshold = number(), let window = number(), (500_000...10_000_000).contains(window),
            (1...window).contains(threshold), isPrivileged || window % 2_000_000 == 0
        else { return nil }
        self.init(share: share, threshold: threshold, window: window)
    }

    public init(share: Share, threshold: UInt64, window: UInt64) {
        self.share = share
        self.threshold = threshold
        self.window = window
    }

    /// As a cgroup's pressure file takes it.
    public var text: String { "\(share == .anybody ? "some" : "full") \(threshold) \(window)" }
}
