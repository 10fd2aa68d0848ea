import Synchronization
import SystemPackage
import Takeover
import Text
import Tree

/// What has been written to the sysctls of one vNode: all its views show it. In the vault too, one record a key, so that it outlives
/// this worker and goes with the vNode. There are as many keys as the table has, each with a bounded content.
final class StoredSysctls: Sendable {
    private struct Value {
        var content: [UInt8]
        var record: Vault.Record
    }

    /// nil once the vNode is gone, and the records with it.
    private let values: Mutex<[Int: Value]?>
    private let records: Records
    /// Writes that had an effect. The cell that tells a replayed request whether it has had its own.
    private let writes: Cell

    /// By entry of the catalog, what a worker before this one has kept.
    init(_ records: Records, writes: Cell, kept: [Int: Vault.Record] = [:]) {
        self.records = records
        self.writes = writes
        values = Mutex(kept.mapValues { Value(content: records.vault.bytes(of: $0), record: $0) })
    }

    /// nil before anybody has written to it.
    func content(of entry: Int) -> [UInt8]? { values.withLock { $0?[entry]?.content } }

    /// The vNode goes: its records are somebody else's from now on.
    func retire() { values.withLock { $0 = nil } }

    /// What meminfo makes of two of them.
    func overcommit(ratio: Int?, kilobytes: Int?) -> Snapshot.Overcommit {
        let (percent, fixed) = values.withLock { values in
            (ratio.flatMap { values?[$0]?.content }, kilobytes.flatMap { values?[$0]?.content })
        }
        var overcommit = Snapshot.Overcommit()
        // A negative ratio is as good as none.
        if let percent { overcommit.ratio = Digits.parse(file: percent) ?? 0 }
        if let fixed { overcommit.kilobytes = Digits.parse(file: fixed) ?? 0 }
        return overcommit
    }

    /// Writes to the sysctl of `entry`, which reads `original` as long as nobody has. Sets the one of `zeroed` to 0 with it.
    /// How many bytes were taken. ENOENT once the vNode is gone.
    ///
    /// A request that is replayed and has had its effect has none: another write may have come after it.
    func write(
        _ entry: Int, _ form: SysctlForm, _ input: [UInt8], at offset: Int, original: [UInt8], zeroed: Catalog.Zeroed?,
        for slot: RequestSlot
    ) throws(Errno) -> Int {
        try values.withLock { all throws(Errno) in
            guard var values = all else { throw .noSuchFileOrDirectory }
            // Also what was done before something failed.
            defer { all = values }
            let before = values[entry]?.content ?? original
            let written = form.write(input, at: offset, over: before)
            if let content = written.content, slot.change(of: writes) == nil {
                try put(content, entry, &values)
                if let zeroed, written.refusal == nil, content != before || !zeroed.onlyOnChange {
                    try put([0x30, 0x0a], zeroed.entry, &values)
                }
                slot.add(1, to: writes)
            }
            switch written.refusal {
            case nil: return written.taken
            case .invalid: throw .invalidArgument
            case .notPermitted: throw .notPermitted
            case .tooLong: throw .noMemory
            }
        }
    }

    private func put(_ content: [UInt8], _ entry: Int, _ values: inout [Int: Value]) throws(Errno) {
        if values[entry]?.content == content { return }
        let item = Item(.sysctl, place: Place(entry: entry, instance: 0))
        guard let record = records.put(content, item, replacing: values[entry]?.record) else { throw .noMemory }
        values[entry] = Value(content: content, record: record)
    }
}
