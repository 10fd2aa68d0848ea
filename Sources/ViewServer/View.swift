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
    private let shown: Mutex<(extent: Extent, record: Vault.Record?)>
    /// When the extent last changed, nanoseconds since 1970; never the same twice.
    private let changed = Atomic<Int64>(Clock.wall)
    private let sysctls: StoredSysctls
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
        shown = Mutex((try readings.extent(), nil))
        guard shown.withLock({ keep(&$0) }) else { throw .noMemory }
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
        shown = Mutex((kept.extent, place))
    }

    /// What the tree shows, without disks.
    var extent: Extent { shown.withLock { $0.extent } }

    /// Modification time of directories that list what the extent has.
    var changedAt: Int64 { changed.load(ordering: .relaxed) }

    /// What a directory shows: with the disks of the moment, where it lists such.
    func extent(in directory: Place) throws(Errno) -> Extent {
        var extent = extent
        if catalog.hasDisks(in: directory.entry) { extent.disks = try readings.disks() }
        return extent
    }

    /// Whether a place that the extent has is there.
    func has(_ place: Place) throws(Errno) -> Bool {
        try catalog.isThere(place) { place throws(Errno) in try render(place) }
    }

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

    /// The numbers of sysinfo(2), as files of this moment have them.
    func systemInformation() throws(Errno) -> SystemInformation { SystemInformation(try readings.snapshot(SystemInformation.needs)) }

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

    /// Looks at the limits again. What was shown before and is now when that has changed; `settle` once the kernel knows.
    func refresh() -> (before: Extent, now: Extent)? {
        guard let now = try? readings.extent() else { return nil }
        return shown.withLock { shown in
            guard shown.extent != now else { return nil }
            let before = shown.extent
            shown.extent = now
            changed.store(max(Clock.wall, changedAt + 1), ordering: .relaxed)
            return (before, now)
        }
    }

    /// The kernel has forgotten what is not of this extent. A worker that dies before this leaves it to the next one.
    func settle(_ told: Extent) {
        if snapshots.withLock({ $0 == nil }) { return }
        shown.withLock { shown in
            var kept = (extent: told, record: shown.record)
            _ = keep(&kept)
            shown.record = kept.record
        }
    }

    private func keep(_ shown: inout (extent: Extent, record: Vault.Record?)) -> Bool {
        let kept = Kept(record: record, tiedTo: tiedTo, cgroupID: readings.cgroupID, extent: shown.extent, loadStart: readings.loadStart)
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
        let extent: Extent
        let loadStart: LoadStart?

        var bytes: [UInt8] {
            var out = Packer()
            out.add(record.name)
            out.add(record.cgroup)
            out.add(tiedTo ?? 0)
            out.add(cgroupID)
            out.add(extent.cpus.list)
            out.add(UInt64(clamping: extent.memoryBlocks))
            out.add(UInt64(clamping: extent.nodes.count))
            for node in extent.nodes {
                out.add(UInt64(clamping: node.id))
                out.add(node.cpus.list)
                out.add(node.memory)
                out.add(UInt64(clamping: node.distances.count))
                out.add(node.distances)
            }
            out.add(record.network ?? 0)
            out.add(record.top)
            if let loadStart { out.add([loadStart.at, loadStart.usage]) }
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
        var extent = Extent(cpus: cpus)
        // An earlier release kept the CPUs alone: the rest is then found to have changed.
        extent.memoryBlocks = from.number().map { Int(clamping: $0) } ?? 0
        for _ in 0..<min(from.number() ?? 0, UInt64(CPUSet.most)) {
            guard let id = from.number(), let list = from.text(), let cpus = CPUSet(list: list), let memory = from.number(),
                let count = from.number(), count <= UInt64(CPUSet.most)
            else { break }
            var distances: [UInt64] = []
            for _ in 0..<count { if let distance = from.number() { distances.append(distance) } }
            extent.nodes.append(NUMANode(id: Int(clamping: id), cpus: cpus, distances: distances, memory: memory))
        }
        let network = from.number().flatMap { $0 == 0 ? nil : $0 }
        // Nor did that know views with a top of their own.
        let top = from.optionalText() ?? nil
        let record = ViewRecord(name: name, cgroup: cgroup, network: network, top: top)
        // Nor when the view was made.
        let loadStart = from.number().flatMap { at in from.number().map { LoadStart(at: at, usage: $0) } }
        self.init(record: record, tiedTo: tied == 0 ? nil : tied, cgroupID: id, extent: extent, loadStart: loadStart)
    }
}
