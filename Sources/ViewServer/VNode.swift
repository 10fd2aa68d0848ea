import Control
import FuseKit
import Linux
import Readings
import Synchronization
import SystemPackage
import Takeover
import Tree

/// Where a file system finds the connection it is served on, which is made after it.
final class InvalidationSlot: Sendable {
    private let slot = Mutex<WeakConnection>(WeakConnection())

    private struct WeakConnection: Sendable { weak var connection: Connection? }

    var connection: Connection? {
        get { slot.withLock { $0.connection } }
        set { slot.withLock { $0.connection = newValue } }
    }
}

/// One vNode: its views and the two connections they are served on.
final class VNode: Sendable {
    static let firstView = 1

    let record: VNodeRecord
    let records: Records
    /// Kept for `vnode exec`: the staging mount namespace; and to know when the vNode ends. None in a debug mount.
    let descriptors: Descriptors?
    let catalog: Catalog
    /// Node uid and gid of the vNode's root.
    var owner: UInt32 { record.uidBase }
    /// Wall clock of the start, nanoseconds: the time of every file that does not change by itself.
    let bornAt: Int64
    private let node: NodeReadings
    /// Top of the hierarchy limits are read from.
    private let top: String
    private let views = Mutex<[Int: View]>([:])
    /// Number of the next view.
    private let next: Cell
    let sysctls: StoredSysctls
    let triggers: PressureTriggers
    let helpers = Helpers()
    /// None in a debug mount: there is no vNode whose namespaces they could be.
    let namespaceSysctls: NamespaceSysctls?

    final class Descriptors: Sendable {
        let staging: OwnedFD
        let pidfd: OwnedFD
        let procfs: OwnedFD

        init(staging: consuming OwnedFD, pidfd: consuming OwnedFD, procfs: consuming OwnedFD) {
            self.staging = staging
            self.pidfd = pidfd
            self.procfs = procfs
        }
    }

    /// `kept` is the record of a worker before this one. ENOMEM when the vault has no room for one.
    init(
        record: VNodeRecord, records: Records, node: NodeReadings, catalog: Catalog, top: String? = nil, descriptors: Descriptors? = nil,
        kept: Vault.Record? = nil, sysctls: [Int: Vault.Record] = [:]
    ) throws(Errno) {
        self.record = record
        self.records = records
        self.node = node
        self.catalog = catalog
        self.top = top ?? record.cgroup
        self.descriptors = descriptors
        namespaceSysctls = descriptors.map { NamespaceSysctls($0, initPID: record.initPID, owner: record.uidBase) }
        let born = Clock.wall &- Clock.boot &+ Int64(clamping: record.startedAt)
        let own: Vault.Record
        if let kept {
            own = kept
            next = records.vault.cell(0, of: kept)
            bornAt = Int64(clamping: records.vault.cell(1, of: kept).value)
        } else {
            records.vault.open(owner: records.owner)
            guard let made = records.put(record.packed, Item(.vnode)) else { throw .noMemory }
            own = made
            next = records.vault.cell(0, of: made)
            next.value = UInt64(VNode.firstView)
            records.vault.cell(1, of: made).value = UInt64(clamping: born)
            bornAt = born
        }
        triggers = PressureTriggers(records)
        self.sysctls = StoredSysctls(records, writes: records.vault.cell(2, of: own), kept: sysctls)
    }

    /// ENOENT for a view that is not there or no longer.
    func view(_ number: Int) throws(Errno) -> View {
        guard let view = views.withLock({ $0[number] }) else { throw .noSuchFileOrDirectory }
        return view
    }

    var all: [View] { views.withLock { $0.values.sorted { $0.number < $1.number } } }

    var viewNumbers: [Int] { views.withLock { $0.keys.sorted() } }

    /// The number the next new view will have.
    var nextView: Int { Int(clamping: next.value) }

    /// A new view. `tiedTo` is the control connection it goes with.
    func add(_ record: ViewRecord, tiedTo: UInt64? = nil) throws(Errno) -> View {
        let number = views.withLock { _ in
            defer { next.value += 1 }
            return Int(clamping: next.value)
        }
        guard number <= NodeID.mostViews else { throw .tooManyOpenFiles }
        let other = views.withLock { views in views[views.keys.min() ?? 0]?.readings }
        let readings = try ViewReadings(
            node: node, configuration: configuration(of: record), keeper: VaultKeeper(records, view: number), sharing: other)
        // A debug mount is of a cgroup that has been there.
        if descriptors != nil { try readings.beginLoad() }
        let view = try View(
            number: number, record: record, tiedTo: tiedTo, readings: readings, catalog: catalog, records: records, sysctls: sysctls)
        views.withLock { $0[number] = view }
        return view
    }

    /// A view of a worker before this one, with the counters it kept.
    func restore(_ kept: View.Kept, at place: Vault.Record, number: Int, counters: [Counter: Vault.Record]) -> View? {
        guard
            let readings = try? ViewReadings(
                node: node, configuration: configuration(of: kept.record, loadStart: kept.loadStart),
                keeper: VaultKeeper(records, view: number, known: counters), cgroupID: kept.cgroupID)
        else { return nil }
        let view = View(kept, at: place, number: number, readings: readings, catalog: catalog, records: records, sysctls: sysctls)
        views.withLock { $0[number] = view }
        return view
    }

    func removeView(_ number: Int) -> View? {
        guard let gone = views.withLock({ $0.removeValue(forKey: number) }) else { return nil }
        triggers.end(view: number)
        Generations.whenIdle(gone.end()) { [records] in
            records.vault.remove(owner: records.owner) { Item(raw: $0).belongs(to: number) }
        }
        return gone
    }

    /// No file is opened, no trigger fires and nothing is written to sysctls from now on: the records go. Files there are, to be retired.
    func end() -> [Generations] {
        triggers.end()
        sysctls.retire()
        return views.withLock { Array($0.values) }.flatMap { $0.end() }
    }

    private func configuration(of view: ViewRecord, loadStart: LoadStart? = nil) -> ViewConfiguration {
        ViewConfiguration(
            hostname: record.hostname, bootID: record.bootID, startedAt: record.startedAt,
            affinity: record.affinity.flatMap { CPUSet(list: $0) }, cgroup: view.cgroup, top: view.top ?? top, loadStart: loadStart,
            procfs: descriptors?.procfs.raw)
    }
}

extension VNodeRecord {
    var packed: [UInt8] {
        var out = Packer()
        out.add(name)
        out.add([UInt64(uidBase), startedAt, UInt64(clamping: initPID)])
        for text in [hostname, bootID, cgroup] { out.add(text) }
        out.add(affinity)
        out.add([staticConnection ?? 0, liveConnection ?? 0].map { UInt64($0) })
        return out.bytes
    }

    init?(packed bytes: [UInt8]) {
        var from = Unpacker(bytes)
        guard let name = from.text(), let uid = from.number(), let startedAt = from.number(), let pid = from.number(),
            let hostname = from.text(), let bootID = from.text(), let cgroup = from.text(), let affinity = from.optionalText()
        else { return nil }
        self.init(
            name: name, uidBase: UInt32(clamping: uid), startedAt: startedAt, hostname: hostname, bootID: bootID, cgroup: cgroup,
            initPID: Int32(clamping: pid), affinity: affinity)
        staticConnection = from.number().flatMap { $0 == 0 ? nil : UInt32(clamping: $0) }
        liveConnection = from.number().flatMap { $0 == 0 ? nil : UInt32(clamping: $0) }
    }
}
