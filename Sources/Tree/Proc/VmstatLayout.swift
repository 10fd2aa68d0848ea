import Text

/// The rows of `/proc/vmstat` of one kernel and where each comes from, for one layout of meminfo and one of memory.stat.
public final class VmstatLayout: Sendable {
    /// A field of meminfo and its row there.
    struct Field: Sendable {
        let source: Meminfo.Source
        let row: Int
    }

    /// kB of one field or the sum of several.
    struct Level: Sendable {
        let fields: [Field]

        func kilobytes(_ node: borrowing NodeMemory, _ memory: borrowing Memory) -> UInt64 {
            var sum: UInt64 = 0
            for field in fields { sum = sum.plus(field.source.value(node: node[field.row], memory: memory)) }
            return sum
        }
    }

    enum Source: Sendable {
        case pages(Level)
        case hugePages(Level)
        case kilobytes(Level)
        /// A place in memory.stat, -1 for none.
        case event(Int)
        /// What was moved from and to disks: of a view, not of a zone.
        case read, written

        init(_ name: String, memory: NodeMemory.Layout, stat: MemoryStat.Layout?) {
            func field(_ name: String) -> Field { Field(source: Meminfo.source(of: name), row: memory.lines.position(of: name) ?? -1) }
            func level(_ name: String) -> Level { Level(fields: [field(name)]) }
            if let fields = Vmstat.levels[name] {
                self = .pages(Level(fields: fields.map(field)))
            } else if name == "pgpgin" || name == "pgpgout" {
                self = name == "pgpgin" ? .read : .written
            } else if let field = Vmstat.hugeLevels[name] {
                self = .hugePages(level(field))
            } else if name == "nr_kernel_stack" {
                self = .kilobytes(level("KernelStack"))
            } else {
                self = .event(stat?.lines.position(of: name) ?? -1)
            }
        }

        func value(_ node: borrowing NodeMemory, _ memory: borrowing Memory, _ sizes: Sizes) -> UInt64 {
            switch self {
            case .pages(let level): level.kilobytes(node, memory).times(1024) / sizes.page
            case .hugePages(let level): level.kilobytes(node, memory) / sizes.huge
            case .kilobytes(let level): level.kilobytes(node, memory)
            case .event(let position): memory.stat[position]
            case .read: sizes.read
            case .written: sizes.written
            }
        }
    }

    struct Sizes {
        /// Bytes.
        let page: UInt64
        /// kB.
        let huge: UInt64
        /// Moved from and to disks, kB.
        let read: UInt64
        let written: UInt64

        init(_ node: borrowing NodeMemory, disks: [Snapshot.Disk] = []) {
            page = max(1, node.pageSize)
            huge = node.layout.hugePage < 0 ? 2048 : max(1, node[node.layout.hugePage])
            read = Sizes.kilobytes(disks, \.readBytes)
            written = Sizes.kilobytes(disks, \.writtenBytes)
        }

        /// Devices made of others are left out: the kernel counts what it is asked for, not what comes of it below.
        private static func kilobytes(_ disks: [Snapshot.Disk], _ bytes: KeyPath<Snapshot.Disk, UInt64>) -> UInt64 {
            let own = disks.lazy.filter { !$0.name.hasPrefix("dm-") && !$0.name.hasPrefix("md") }
            return own.reduce(0) { $0.plus($1[keyPath: bytes] / 512) } / 2
        }
    }

    struct Row: Sendable {
        /// Where the text before the number ends.
        let textEnd: Int
        let source: Source
    }

    let rows: [Row]
    /// All between the numbers, one after the other.
    let text: [UInt8]
    private let names: [String]
    private let memory: NodeMemory.Layout
    private let stat: MemoryStat.Layout?

    public static let none = VmstatLayout(names: [], memory: .none, stat: nil)

    /// `stat` is nil without a memory controller.
    public init(names: [String], memory: NodeMemory.Layout, stat: MemoryStat.Layout?) {
        self.names = names
        self.memory = memory
        self.stat = stat
        var text: [UInt8] = []
        var rows: [Row] = []
        for name in names {
            text += (name + " ").utf8
            rows.append(Row(textEnd: text.count, source: Source(name, memory: memory, stat: stat)))
            text.append(0x0a)
        }
        self.text = text
        self.rows = rows
    }

    /// Whether it was made for these.
    public func fits(names: [String], memory: NodeMemory.Layout, stat: MemoryStat.Layout?) -> Bool {
        self.memory === memory && self.stat === stat && self.names == names
    }
}
