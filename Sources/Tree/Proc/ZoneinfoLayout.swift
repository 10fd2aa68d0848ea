import Text

/// The lines of `/proc/zoneinfo` of one kernel without its values, and where each value comes from.
public final class ZoneinfoLayout: Sendable {
    enum Value: Sendable {
        case zero
        /// The list of `protection`, of so many zones.
        case zeros(Int)
        case free, size
        /// min, low, high, promo.
        case mark(UInt64)
        case statistic(VmstatLayout.Source)
    }

    struct Line: Sendable {
        /// Up to the value.
        let label: [UInt8]
        let value: Value
    }

    let node: [Line]
    let zone: [Line]
    /// For each CPU.
    let pageset: [Line]
    let end: [Line]
    private let names: ZoneinfoNames
    private let memory: NodeMemory.Layout
    private let stat: MemoryStat.Layout?

    public static let none = ZoneinfoLayout(names: ZoneinfoNames([]), memory: .none, stat: nil)

    /// `stat` is nil without a memory controller.
    public init(names: ZoneinfoNames, memory: NodeMemory.Layout, stat: MemoryStat.Layout?) {
        self.names = names
        self.memory = memory
        self.stat = stat
        func statistic(_ line: ZoneinfoNames.Line) -> Line {
            Line(label: line.label, value: .statistic(VmstatLayout.Source(line.name, memory: memory, stat: stat)))
        }
        node = names.node.map(statistic)
        zone = names.zone.map { line in
            let value: Value
            switch line.name {
            case "free": value = .free
            case "spanned", "present", "managed": value = .size
            case "min": value = .mark(0)
            case "low": value = .mark(1)
            case "high": value = .mark(2)
            case "promo": value = .mark(3)
            case "boost", "cma": value = .zero
            case "protection": value = .zeros(line.count)
            default: return statistic(line)
            }
            return Line(label: line.label, value: value)
        }
        pageset = names.pageset.map { Line(label: $0.label, value: .zero) }
        end = names.end.map { Line(label: $0.label, value: .zero) }
    }

    /// Whether it was made for these.
    public func fits(names: ZoneinfoNames, memory: NodeMemory.Layout, stat: MemoryStat.Layout?) -> Bool {
        self.memory === memory && self.stat === stat && self.names == names
    }
}

/// What the lines of a `/proc/zoneinfo` are called: of its first zone that has memory.
public struct ZoneinfoNames: Sendable, Equatable {
    struct Line: Sendable, Equatable {
        /// Up to the value, as the kernel aligned it.
        let label: [UInt8]
        let name: String
        /// Values.
        let count: Int
    }

    private(set) var node: [Line] = []
    private(set) var zone: [Line] = []
    private(set) var pageset: [Line] = []
    private(set) var end: [Line] = []

    private enum Part {
        case none, node, zone, pagesets, end
    }

    /// All empty unless there is a zone with page sets and statistics of its node.
    public init(_ bytes: [UInt8]) {
        var part = Part.none
        var cpus = 0
        for line in Lines(bytes) {
            if line.starts(with: "Node ".utf8) {
                if part == .end { break }
                // A zone without memory has no page sets.
                zone = []
                part = .none
            } else if line.elementsEqual("  per-node stats".utf8) {
                part = node.isEmpty ? .node : .none
            } else if line.starts(with: "  pages free ".utf8) {
                part = .zone
                add(line, to: \.zone)
            } else if line.elementsEqual("  pagesets".utf8) {
                part = .pagesets
                cpus = 0
            } else {
                switch part {
                case .none: continue
                case .node: add(line, to: \.node)
                case .zone: add(line, to: \.zone)
                case .pagesets where line.starts(with: "    cpu: ".utf8): cpus += 1
                case .pagesets where line.starts(with: "    ".utf8) || line.starts(with: "  vm stats ".utf8):
                    if cpus == 1 { add(line, to: \.pageset) }
                case .pagesets, .end:
                    part = .end
                    add(line, to: \.end)
                }
            }
        }
        if part != .end || node.isEmpty { self = ZoneinfoNames() }
    }

    private init() {}

    /// A line of another shape than a label and its value is left out: what is not known to be a name is not shown.
    private mutating func add(_ line: ArraySlice<UInt8>, to lines: WritableKeyPath<ZoneinfoNames, [Line]>) {
        guard self[keyPath: lines].count < 256 else { return }
        let isList = line.last == 0x29
        let value = isList ? line.lastIndex(of: 0x28).map { $0 + 1 } ?? line.endIndex : line.lastIndex { !isDigit($0) }.map { $0 + 1 } ?? 0
        let label = line[..<min(max(value, line.startIndex), line.endIndex)]
        guard value < line.endIndex, let word = Array(Words(label)).last(where: { $0.first != 0x28 }) else { return }
        let name = word.last == 0x3a ? word.dropLast() : word
        guard name.allSatisfy({ $0 == 0x5f || isDigit($0) || (0x41...0x5a).contains($0) || (0x61...0x7a).contains($0) }) else { return }
        let count = isList ? min(16, line[value...].count { $0 == 0x2c } + 1) : 1
        self[keyPath: lines].append(Line(label: Array(label), name: String(decoding: name, as: UTF8.self), count: count))
    }

    private func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
