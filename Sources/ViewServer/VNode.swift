import Control
import FuseKit
import Linux
import Readings
import Synchronization
import SystemPackage
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
    /// Kept for `vnode exec`: the staging mount namespace; and to know when the vNode ends. None in a debug mount.
    let descriptors: Descriptors?
    /// Node uid and gid of the vNode's root.
    var owner: UInt32 { record.uidBase }
    /// Wall clock of the start, nanoseconds: the time of every file that does not change by itself.
    let bornAt: Int64
    private let node: NodeReadings
    /// Top of the hierarchy limits are read from.
    private let top: String
    private let views = Mutex<(known: [Int: View], next: Int)>((known: [:], next: VNode.firstView))

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

    init(record: VNodeRecord, node: NodeReadings, top: String? = nil, descriptors: Descriptors? = nil) {
        self.record = record
        self.node = node
        self.top = top ?? record.cgroup
        self.descriptors = descriptors
        bornAt = Clock.wall &- Clock.boot &+ Int64(clamping: record.startedAt)
    }

    /// ENOENT for a view that is not there or no longer.
    func view(_ number: Int) throws(Errno) -> View {
        guard let view = views.withLock({ $0.known[number] }) else { throw .noSuchFileOrDirectory }
        return view
    }

    var all: [View] { views.withLock { $0.known.values.sorted { $0.number < $1.number } } }

    var viewNumbers: [Int] { all.map(\.number) }

    func add(_ record: ViewRecord) throws(Errno) -> View {
        let number = views.withLock { views in
            defer { views.next += 1 }
            return views.next
        }
        guard number <= NodeID.mostViews else { throw .tooManyOpenFiles }
        let readings = try ViewReadings(
            node: node,
            configuration: ViewConfiguration(
                hostname: self.record.hostname, bootID: self.record.bootID, startedAt: self.record.startedAt,
                affinity: self.record.affinity.flatMap { CPUSet(list: $0) }, cgroup: record.cgroup, top: top,
                procfs: descriptors?.procfs.raw))
        let view = try View(number: number, record: record, readings: readings)
        views.withLock { $0.known[number] = view }
        return view
    }

    func removeView(_ number: Int) -> View? { views.withLock { $0.known.removeValue(forKey: number) } }
}
