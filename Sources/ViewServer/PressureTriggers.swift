import Linux
import Readings
import Synchronization
import SystemPackage
import Takeover
import Tree

/// The triggers of one vNode: each is one of the kernel's in the view's cgroup, and wakes who polls the file it was written to.
///
/// They are in the vault as well: a worker that comes later makes them anew, and what had happened but was not yet told is told then.
final class PressureTriggers: Sendable {
    /// Each costs the kernel a trigger of the cgroup and the daemon a descriptor.
    static let most = 64

    /// nil once the vNode is gone.
    private let known = Mutex<[UInt64: Trigger]?>([:])
    private let records: Records

    init(_ records: Records) { self.records = records }

    /// Sets the trigger of an open file, nil for one that is not well-formed (EINVAL). EBUSY when it has one, ENOMEM when the vNode has
    /// too many, EOPNOTSUPP when the kernel keeps no pressure.
    func set(
        _ trigger: PressureTrigger?, of resource: PressureResource, in view: View, handle: UInt64, waking connection: InvalidationSlot,
        for slot: RequestSlot
    ) throws(Errno) {
        let unique = slot.unique
        try known.withLock { all throws(Errno) in
            guard let known = all else { throw .noSuchFileOrDirectory }
            if let other = known[handle] {
                guard slot.isReplayed, other.unique == unique else { throw .resourceBusy }
                return
            }
            guard let trigger else { throw .invalidArgument }
            guard known.count < PressureTriggers.most else { throw .noMemory }
            let kept = Kept(trigger: trigger, resource: resource, view: view.number, unique: unique)
            let file = try view.readings.trigger(trigger, of: resource)
            guard let record = records.put(kept.bytes, Item(.trigger, handle: handle)) else { throw .noMemory }
            do throws(Errno) {
                all?[handle] = try Trigger(kept, record, in: records, file, waking: connection)
            } catch {
                records.remove(record)
                throw error
            }
        }
    }

    /// A trigger of a worker before this one.
    func restore(_ handle: UInt64, _ record: Vault.Record, of vnode: VNode, waking connection: InvalidationSlot) {
        guard let kept = Kept(records.vault.bytes(of: record)), let view = try? vnode.view(kept.view) else {
            return records.remove(record)
        }
        do throws(Errno) {
            let file = try view.readings.trigger(kept.trigger, of: kept.resource)
            take(try Trigger(kept, record, in: records, file, waking: connection), of: handle)
        } catch {
            records.remove(record)
        }
    }

    /// That of an open file from now on.
    func take(_ trigger: Trigger, of handle: UInt64) { known.withLock { $0?[handle] = trigger } }

    /// Whoever polls asks again: what was told last may not have got through.
    func wakeAll() { for trigger in known.withLock({ Array(($0 ?? [:]).values) }) { trigger.wake() } }

    /// Whether the trigger of an open file has fired since that was asked last; nil when it has none, or none any more. Who waits is
    /// known to the kernel by `key`.
    func poll(_ handle: UInt64, key: UInt64?, _ slot: RequestSlot) -> Bool? {
        guard let trigger = known.withLock({ $0?[handle] }) else { return nil }
        return trigger.poll(key: key, slot)
    }

    func close(_ handle: UInt64) {
        guard let gone = known.withLock({ $0?.removeValue(forKey: handle) }) else { return }
        gone.retire()
        records.remove(gone.record)
    }

    /// The view goes.
    func end(view: Int) {
        retire(
            known.withLock { known in
                let gone = (known ?? [:]).filter { $0.value.view == view }
                for handle in gone.keys { known?[handle] = nil }
                return Array(gone.values)
            })
    }

    /// The vNode goes: none is set from now on.
    func end() {
        retire(
            known.withLock { known in
                defer { known = nil }
                return Array((known ?? [:]).values)
            })
    }

    private func retire(_ gone: [Trigger]) {
        for trigger in gone {
            trigger.wake()
            trigger.retire()
            records.remove(trigger.record)
        }
    }

    /// A trigger in the vault.
    struct Kept {
        let trigger: PressureTrigger
        let resource: PressureResource
        let view: Int
        /// The request that set it.
        let unique: UInt64

        init(trigger: PressureTrigger, resource: PressureResource, view: Int, unique: UInt64) {
            self.trigger = trigger
            self.resource = resource
            self.view = view
            self.unique = unique
        }

        init?(_ bytes: [UInt8]) {
            var from = Unpacker(bytes)
            let numbers = from.numbers()
            guard numbers.count == 6, let share = PressureTrigger.Share(rawValue: UInt8(truncatingIfNeeded: numbers[0])),
                let resource = PressureResource(rawValue: UInt8(truncatingIfNeeded: numbers[3]))
            else { return nil }
            trigger = PressureTrigger(share: share, threshold: numbers[1], window: numbers[2])
            self.resource = resource
            view = Int(clamping: numbers[4])
            unique = numbers[5]
        }

        var bytes: [UInt8] {
            var out = Packer()
            out.add([
                UInt64(trigger.share.rawValue), trigger.threshold, trigger.window, UInt64(resource.rawValue), UInt64(clamping: view),
                unique,
            ])
            return out.bytes
        }
    }
}
