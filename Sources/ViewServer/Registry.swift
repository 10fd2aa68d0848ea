import Control
import FuseKit
import Linux
import Logging
import Readings
import Synchronization
import SystemPackage
import Tree

/// Every vNode the daemon serves, and the workers that serve them.
final class Registry: Sendable {
    private struct Served: Sendable {
        let vnode: VNode
        let files: [InvalidationSlot]
        let keys: [UInt64]
    }

    private let node: NodeReadings
    private let workers: Workers
    private let served = Mutex<[String: Served]>([:])
    private let lastOnline = Mutex<CPUSet?>(nil)
    private let log: Logger

    init(node: NodeReadings, workers: Int, log: Logger) throws(Errno) {
        self.node = node
        self.log = log
        self.workers = try Workers(count: workers)
    }

    var vnodes: [VNode] { served.withLock { $0.values.map(\.vnode).sorted { $0.record.name < $1.record.name } } }

    var isEmpty: Bool { served.withLock { $0.isEmpty } }

    func vnode(_ name: String) throws(ControlError) -> VNode {
        guard let found = served.withLock({ $0[name] }) else {
            throw ControlError(.noSuchFileOrDirectory, "no vNode named \"\(name)\" is served here")
        }
        return found.vnode
    }

    /// Starts serving a vNode on its two connections.
    func add(
        _ record: VNodeRecord, static staticDevice: consuming OwnedFD, live liveDevice: consuming OwnedFD,
        descriptors: VNode.Descriptors
    ) throws(ControlError) -> VNode {
        let vnode = VNode(record: record, node: node, descriptors: descriptors)
        guard served.withLock({ $0[record.name] == nil }) else {
            throw ControlError(.fileExists, "a vNode named \"\(record.name)\" is served already")
        }
        do throws(Errno) {
            let first = try serve(vnode, .static, on: staticDevice)
            let second: (InvalidationSlot, UInt64)
            do throws(Errno) { second = try serve(vnode, .live, on: liveDevice) } catch {
                workers.remove(first.1)
                throw error
            }
            served.withLock { $0[record.name] = Served(vnode: vnode, files: [first.0, second.0], keys: [first.1, second.1]) }
        } catch {
            throw ControlError(error, "serving vNode \"\(record.name)\": \(error)")
        }
        return vnode
    }

    /// Serves the whole tree of one view on one connection.
    func addWhole(_ record: VNodeRecord, view: ViewRecord, on device: consuming OwnedFD) throws(Errno) {
        let vnode = VNode(record: record, node: node, top: node.cgroupRoot)
        _ = try vnode.add(view)
        let connection = try serve(vnode, .whole, on: device)
        served.withLock { $0[record.name] = Served(vnode: vnode, files: [connection.0], keys: [connection.1]) }
    }

    private func serve(_ vnode: VNode, _ role: ViewFileSystem.Role, on device: consuming OwnedFD) throws(Errno) -> (
        InvalidationSlot, UInt64
    ) {
        let slot = InvalidationSlot()
        let connection = try Connection(device, serving: ViewFileSystem(role: role, vnode: vnode, invalidate: slot))
        slot.connection = connection
        return (slot, try workers.add(connection))
    }

    /// Stops serving a vNode: its connections are closed when the last request is answered.
    @discardableResult func remove(_ name: String) -> Bool {
        guard let gone = served.withLock({ $0.removeValue(forKey: name) }) else { return false }
        for key in gone.keys { workers.remove(key) }
        return true
    }

    /// One step of the load averages somebody reads.
    func sampleLoads() {
        for view in vnodes.flatMap(\.all) where view.readings.wantsLoadSamples { view.readings.sampleLoad() }
    }

    /// The node's CPUs go on- and offline without a file anybody writes to.
    func refreshCPUsIfNodeChanged() {
        guard let online = try? node.onlineCPUs(),
            lastOnline.withLock({ last in
                defer { last = online }
                return last != nil && last != online
            })
        else { return }
        refreshCPUs(of: vnodes.flatMap { vnode in vnode.viewNumbers.map { (vnode.record.name, $0) } })
    }

    /// Looks at the limits of every view again and has the kernel forget what they changed.
    func refreshCPUs(of views: [(vnode: String, number: Int)]) {
        for wanted in views {
            guard let served = served.withLock({ $0[wanted.vnode] }), let view = try? served.vnode.view(wanted.number),
                let change = view.refreshCPUs()
            else { continue }
            log.info(
                "visible CPUs changed", metadata: ["vnode": "\(wanted.vnode)", "view": "\(view.record.name)", "cpus": "\(change.now.list)"])
            for slot in served.files {
                if let connection = slot.connection { Invalidation.cpusChanged(view, from: change.before, to: change.now, on: connection) }
            }
        }
    }
}
