import CLinux
import Control
import Glibc
import Linux
import SystemPackage
import Takeover
import Tree

/// sched_getaffinity(2) and sched_setaffinity(2) where a quota, and not the kernel, decides which CPUs are seen.
extension BrokeredCall {
    func getAffinity(isCompat: Bool) throws(Errno) -> Answer {
        guard let shown = try shownCPUs() else { return .kernels }
        let room = Int(UInt32(truncatingIfNeeded: slot.argument(1)))
        // As kernel/sched/syscalls.c has it.
        guard room.multipliedReportingOverflow(by: 8).partialValue >= AffinityMask.possible, room % (isCompat ? 4 : 8) == 0 else {
            return .failed(.invalidArgument)
        }
        let size = min(room, AffinityMask.size)
        let memory = try memory()
        try memory.write(AffinityMask.bytes(shown, count: size), at: slot.argument(2))
        return .value(Int64(size))
    }

    /// Nobody is pinned: all who have a quota would be pinned to the same CPUs.
    func setAffinity() throws(Errno) -> Answer {
        guard let shown = try shownCPUs() else { return .kernels }
        let size = min(Int(UInt32(truncatingIfNeeded: slot.argument(1))), AffinityMask.size)
        let memory = try memory()
        let wanted = AffinityMask.cpus(try memory.read(size, at: slot.argument(2)))
        return wanted.intersection(shown).isEmpty ? .failed(.invalidArgument) : .value(0)
    }

    /// What a task is shown; nil when that is what the kernel says. ESRCH when there is no such task.
    private func shownCPUs() throws(Errno) -> CPUSet? {
        let visible = try view.extent.cpus
        let task = Int32(truncatingIfNeeded: Int64(bitPattern: slot.argument(0)))
        let own: CPUSet
        if task == 0 {
            own = try AffinityMask.of(slot.caller)
            try checkWaiting()
        } else {
            // In a PID namespace made inside, numbers are others: the kernel knows them.
            guard let descriptors = vnode.descriptors, try isInVNodesPIDNamespace() else { return nil }
            guard task > 0, let status = try? Files.read("\(task)/status", below: descriptors.procfs.raw),
                let list = ProcessStatus(status).words("Cpus_allowed_list").first,
                let cpus = CPUSet(list: list)
            else { throw .noSuchProcess }
            own = cpus
        }
        let shown = own.intersection(visible)
        if shown == own { return nil }
        return shown.isEmpty ? visible : shown
    }

    private func isInVNodesPIDNamespace() throws(Errno) -> Bool {
        let own = try Directories.readLink("/proc/\(slot.caller)/ns/pid")
        try checkWaiting()
        return try own == Directories.readLink("/proc/\(vnode.record.initPID)/ns/pid")
    }
}

/// Masks of CPUs as system calls have them.
enum AffinityMask {
    /// Bytes the kernel's masks have, and how many CPUs there may be.
    static let size: Int = {
        var mask = [UInt8](repeating: 0, count: 8192)
        return max(8, Int(unsafe mask.withUnsafeMutableBytes { unsafe clinux_get_affinity(0, $0.baseAddress, $0.count) }))
    }()

    static let possible: Int = {
        let list = (try? Files.read("/sys/devices/system/cpu/possible")).flatMap { CPUSet(list: String(decoding: $0, as: UTF8.self)) }
        return (list?.ids.last ?? 0) + 1
    }()

    /// What a thread may run on.
    static func of(_ thread: Int32) throws(Errno) -> CPUSet {
        var mask = [UInt8](repeating: 0, count: size)
        _ = try check(unsafe mask.withUnsafeMutableBytes { unsafe clinux_get_affinity(thread, $0.baseAddress, $0.count) })
        return cpus(mask)
    }

    static func cpus(_ mask: [UInt8]) -> CPUSet {
        CPUSet(mask.indices.flatMap { index in (0..<8).filter { mask[index] >> UInt8($0) & 1 == 1 }.map { 8 * index + $0 } })
    }

    static func bytes(_ cpus: CPUSet, count: Int) -> [UInt8] {
        var mask = [UInt8](repeating: 0, count: count)
        for id in cpus.ids where id / 8 < count { mask[id / 8] |= 1 << UInt8(id % 8) }
        return mask
    }
}
