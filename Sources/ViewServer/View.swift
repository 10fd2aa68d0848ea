import Control
import FuseKit
import Linux
import Readings
import Synchronization
import SystemPackage
import Takeover
import Text
import Tree

/// One emulated `/proc` and `/sys`: the tree as one cgroup sees it.
final class View: Sendable {
    let number: Int
    let record: ViewRecord
    /// The control connection it goes with; nil: it goes with the vNode.
    let tiedTo: UInt64?
    let readings: ViewReadings
    let catalog: Catalog
    private let records: Records
    private let sysctls: StoredSysctls
    private let visible: Mutex<(cpus: CPUSet, record: Vault.Record?)>
    /// nil once the view is gone.
    private let snapshots = Mutex<[Place: Generations]?>([:])

    /// ENOMEM when the vault has no room for it.
    init(
        number: Int, record: ViewRecord, tiedTo: UInt64?, readings: ViewReadings, catalog: Catalog, records: Records,
        sysctls: StoredSysctls
    ) throws(Errno) {
        self.number = number
        self.record = record
        self.tiedTo = tiedTo
        self.readings = readings
        self.catalog = catalog
        self.records = records
        self.sysctls = sysctls
        visible = Mutex((try readings.visibleCPUs(), nil))
        guard visible.withLock({ keep(&$0) }) else { throw .noMemory }
    }

    /// A view of a worker before this one. What its kernel-side caches show is what it showed last.
    init(
        _ kept: Kept, at place: Vault.Record, number: Int, readings: ViewReadings, catalog: Catalog, records: Records,
        sysctls: StoredSysctls
    ) {
        self.number = number
        record = kept.record
        tiedTo = kept.tiedTo
        self.readings = readings
        self.catalog = catalog
        self.records = records
        self.sysctls = sysctls
        visible = Mutex((kept.cpus, place))
    }

    /// The CPUs the static part of the tree shows.
    var cpus: CPUSet { visible.withLock { $0.cpus } }

    /// The content of a file, computed now. ENODEV when the cgroup is gone, EACCES for what has no content.
    func render(_ place: Place) throws(Errno) -> [UInt8] {
        guard let row = catalog[place].row, let render = row.render else { throw .permissionDenied }
        Connection.noteRefill()
        if let faults = unsafe Fault.armed { for fault in faults { fault.strike(catalog.path(of: place)) } }
        var snapshot = try readings.snapshot(row.needs)
        if row.needs.contains(.memory) {
            snapshot.overcommit = sysctls.overcommit(ratio: catalog.overcommitRatio, kilobytes: catalog.overcommitKilobytes)
        }
        if let entry = catalog.shown(at: place.entry) { snapshot.stored = sysctls.content(of: entry) }
        var out = ByteWriter(capacity: 2048)
        render(snapshot, place.instance, &out)
        return out.bytes
    }

    /// What a stored sysctl reads before anybody has written to it.
    func original(_ place: Place) -> [UInt8] {
        var out = ByteWriter(capacity: 32)
        catalog[place].row?.render?(Snapshot(), place.instance, &out)
        return out.bytes
    }

    func generations(of place: Place) throws(Errno) -> Generations {
        try snapshots.withLock { known throws(Errno) in
            guard let all = known else { throw .noSuchFileOrDirectory }
            if let found = all[place] { return found }
            let made = try Generations(records, view: number, place: place)
            known?[place] = made
            return made
        }
    }

    /// A snapshot file of a worker before this one.
    func restore(_ place: Place, file: Vault.Record, answer: Vault.Record?) {
        guard let kept = try? Generations(records, view: number, place: place, file: file, answer: answer) else { return }
        snapshots.withLock { $0?[place] = kept }
    }

    /// No file is opened from now on. Those there are, to be retired.
    func end() -> [Generations] {
        let files = snapshots.withLock { known in
            defer { known = nil }
            return known ?? [:]
        }
        return Array(files.values)
    }

    /// Looks at the limits again. The CPUs shown before and now when they have changed; `settle` once the kernel knows.
    func refreshCPUs() -> (before: CPUSet, now: CPUSet)? {
        guard let now = try? readings.visibleCPUs() else { return nil }
        return visible.withLock { shown in
            guard shown.cpus != now else { return nil }
            let before = shown.cpus
            shown.cpus = now
            return (before, now)
        }
    }

    /// The kernel has forgotten what is not of these CPUs. A worker that dies before this leaves it to the next one.
    func settle(_ told: CPUSet) {
        if snapshots.withLock({ $0 == nil }) { return }
        visible.withLock { shown in
            var kept = (cpus: told, record: shown.record)
            _ = keep(&kept)
            shown.record = kept.record
        }
    }

    private func keep(_ shown: inout (cpus: CPUSet, record: Vault.Record?)) -> Bool {
        let kept = Kept(record: record, tiedTo: tiedTo, cgroupID: readings.cgroupID, cpus: shown.cpus)
        guard let stored = records.put(kept.bytes, Item(.view, view: number), replacing: shown.record) else { return false }
        shown.record = stored
        return true
    }

    /// A view in the vault.
    struct Kept {
        let record: ViewRecord
        let tiedTo: UInt64?
        /// Inode number of its cgroup directory: another one of the same name is another cgroup.
        let cgroupID: UInt64
        let cpus: CPUSet

        var bytes: [UInt8] {
            var out = Packer()
            out.add(record.name)
            out.add(record.cgroup)
            out.add(tiedTo ?? 0)
            out.add(cgroupID)
            out.add(cpus.list)
            return out.bytes
        }
    }
}

extension View.Kept {
    init?(_ bytes: [UInt8]) {
        var from = Unpacker(bytes)
        guard let name = from.text(), let cgroup = from.text(), let tied = from.number(), let id = from.number(), let list = from.text(),
            let cpus = CPUSet(list: list)
        else { return nil }
        self.init(record: ViewRecord(name: name, cgroup: cgroup), tiedTo: tied == 0 ? nil : tied, cgroupID: id, cpus: cpus)
    }
}
