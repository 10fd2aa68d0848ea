import Text

/// `memory.stat` of a cgroup: bytes or counts as the kernel gives them.
public struct MemoryStat: Sendable {
    public let layout: Layout
    private let values: [UInt64]

    public init() {
        layout = Layout.none
        values = []
    }

    /// `last` is the layout another cgroup of the same kernel had.
    public init(_ bytes: [UInt8], last: Layout?) {
        if let last, let found = last.lines.values(of: bytes) {
            layout = last
            values = found
        } else {
            let all = FlatKeyed(bytes).all
            layout = Layout(all.map(\.key))
            values = all.map(\.value)
        }
    }

    /// The value in kB, 0 when the kernel has no such key.
    func kilobytes(_ key: Key) -> UInt64 { self[layout.positions[Int(key.rawValue)]] / 1024 }

    /// What the kernel gives back before it says there is none, kB.
    var reclaimable: UInt64 { kilobytes(.inactiveFile).plus(kilobytes(.activeFile)).plus(kilobytes(.slabReclaimable)) }

    /// The same in bytes.
    public var reclaimableBytes: UInt64 { reclaimable.times(1024) }

    /// The value at a place of the layout, 0 at none.
    subscript(_ position: Int) -> UInt64 { values.indices.contains(position) ? values[position] : 0 }

    /// The keys of one kernel.
    public final class Layout: Sendable {
        static let none = Layout([])

        let lines: LineLayout
        /// Of every `Key`; -1 without it.
        let positions: [Int]

        init(_ names: [String]) {
            lines = LineLayout(names, .flat)
            positions = Key.allCases.map { [lines] in lines.position(of: $0.name) ?? -1 }
        }
    }

    /// What fields of meminfo are made of.
    enum Key: UInt8, CaseIterable, Sendable {
        case file, swapcached
        case activeAnon, activeFile, inactiveAnon, inactiveFile, unevictable
        case zswap, zswapped
        case fileDirty, fileWriteback
        case anon, fileMapped, shmem
        case slab, slabReclaimable, slabUnreclaimable
        case kernelStack, pagetables, secPagetables, vmalloc, percpu
        case anonTHP, shmemTHP, fileTHP

        var name: String {
            switch self {
            case .file: "file"
            case .swapcached: "swapcached"
            case .activeAnon: "active_anon"
            case .activeFile: "active_file"
            case .inactiveAnon: "inactive_anon"
            case .inactiveFile: "inactive_file"
            case .unevictable: "unevictable"
            case .zswap: "zswap"
            case .zswapped: "zswapped"
            case .fileDirty: "file_dirty"
            case .fileWriteback: "file_writeback"
            case .anon: "anon"
            case .fileMapped: "file_mapped"
            case .shmem: "shmem"
            case .slab: "slab"
            case .slabReclaimable: "slab_reclaimable"
            case .slabUnreclaimable: "slab_unreclaimable"
            case .kernelStack: "kernel_stack"
            case .pagetables: "pagetables"
            case .secPagetables: "sec_pagetables"
            case .vmalloc: "vmalloc"
            case .percpu: "percpu"
            case .anonTHP: "anon_thp"
            case .shmemTHP: "shmem_thp"
            case .fileTHP: "file_thp"
            }
        }
    }
}
