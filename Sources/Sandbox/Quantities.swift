import Tree

/// An amount of memory as users write it: `65536`, `64M`, `1G`. Units are binary.
public struct ByteSize: Sendable, Equatable, Codable {
    public let bytes: UInt64

    public static let forms = "a number of bytes, or one with K, M, G or T (powers of 1024), as in 64M"

    public init(bytes: UInt64) { self.bytes = bytes }

    public init?(_ text: String) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        // The Kelvin sign is a k in lower case.
        guard !digits.isEmpty, text.utf8.allSatisfy({ $0 < 0x80 }), let number = UInt64(digits) else { return nil }
        let shift: UInt64
        switch text.dropFirst(digits.count).lowercased() {
        case "", "b": shift = 0
        case "k", "kb", "kib": shift = 10
        case "m", "mb", "mib": shift = 20
        case "g", "gb", "gib": shift = 30
        case "t", "tb", "tib": shift = 40
        default: return nil
        }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: 1 << shift)
        guard !overflow, bytes <= UInt64(Int64.max) else { return nil }
        self.bytes = bytes
    }
}

/// CPU time as a number of CPUs: `1.5`. In `cpu.max` a share of a period of 100 ms.
public struct CPUShare: Sendable, Equatable, Codable {
    /// Microseconds of CPU time in a period.
    public let quota: UInt64

    public static let period: UInt64 = 100_000
    public static let forms = "a number of CPUs from 0.01 to 8192, as in 1.5"

    public init?(_ text: String) {
        guard text.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }), let number = Double(text), number >= 0.01, number <= 8192
        else { return nil }
        quota = UInt64((number * Double(CPUShare.period)).rounded())
    }

    /// A line of `cpu.max`.
    var limit: String { "\(quota) \(CPUShare.period)" }
}

/// What a vNode may use. nil: no limit.
public struct Limits: Sendable, Equatable, Codable {
    public var memory: ByteSize?
    public var swap: ByteSize?
    public var cpus: CPUShare?
    /// CPU list, as in `0-3,8`.
    public var cpuset: String?
    public var pids: Int?

    public init(memory: ByteSize? = nil, swap: ByteSize? = nil, cpus: CPUShare? = nil, cpuset: String? = nil, pids: Int? = nil) {
        self.memory = memory
        self.swap = swap
        self.cpus = cpus
        self.cpuset = cpuset
        self.pids = pids
    }
}
