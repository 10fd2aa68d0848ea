import Control
import Glibc
import Linux
import Logging
import SystemPackage
import Takeover

/// mount(2) of a file system, and umount2(2) of what came of it.
///
/// Which file system it is stands in memory, and may be another when the kernel looks. That gains nothing: the kernel itself refuses every proc and
/// sysfs of a process that sees locked covers over its own (EPERM), and all other file systems it is asked anyway.
extension BrokeredCall {
    func mount() throws(Errno) -> Answer {
        let (target, type, flags, data) = (slot.argument(1), slot.argument(2), slot.argument(3), slot.argument(4))
        guard type != 0 else { return .kernels }
        let memory = try memory()
        let kind: MountOrder.Kind
        switch String(decoding: try memory.string(at: type, limit: 4096), as: UTF8.self) {
        case "proc": kind = .proc
        case "sysfs": kind = .sysfs
        case "nfsd": return .failed(.notPermitted)
        default: return .kernels
        }
        return try help(
            kind, target: try memory.string(at: target, limit: 4096), flags: flags,
            options: data == 0 ? [] : try memory.string(at: data, limit: 4096))
    }

    /// The kernel says EBUSY of a mount that has others below it, and of those here nobody can take the others away first.
    func unmount() throws(Errno) -> Answer {
        let target = try memory().string(at: slot.argument(0), limit: 4096)
        if try isElsewhere(target) { return .kernels }
        return try help(.unmount, target: target, flags: slot.argument(1), options: [])
    }

    /// Whether a path is certainly no covered tree.
    private func isElsewhere(_ path: [UInt8]) throws(Errno) -> Bool {
        guard path.first == 0x2f, let text = String(validating: path, as: UTF8.self) else { return false }
        let root = try Files.open("/proc/\(slot.caller)/root", flags: Files.place)
        try checkWaiting()
        guard let found = try? Files.openInside(text, root: root) else { return false }
        // A FUSE file system of the vNode's own tells the node's root nothing (EACCES): the helper asks as the caller.
        guard let isDirectory = try? Directories.isDirectory(found) else { return false }
        return !isDirectory || !Mounts.isCovered(found, connections: [vnode.record.staticConnection, vnode.record.liveConnection])
    }

    /// Has a helper do it, which gives the answer.
    private func help(_ kind: MountOrder.Kind, target: [UInt8], flags: UInt64, options: [UInt8]) throws(Errno) -> Answer {
        guard let descriptors = vnode.descriptors else { return .failed(.notPermitted) }
        let patience = CInt(MountOrder.patience + 1) * 1000
        guard let attempt = slot.nextAttempt() else {
            // One that a worker before this started is at it.
            var waited: CInt = 0
            while isWaiting, waited < patience {
                usleep(5000)
                waited += 5
            }
            slot.giveUpAttempts()
            return try answered(otherwise: "a helper has begun and does not end")
        }
        let order = MountOrder(
            kind, vnode: vnode.record, view: UInt32(clamping: listener.view), top: listener.top, notification: slot.id, slot: slot.number,
            attempt: attempt, caller: slot.caller, target: target, flags: flags, options: options)
        guard vnode.helpers.mayStart() else {
            // The kernel refuses what is covered, and takes the rest away.
            if kind == .unmount { return .kernels }
            log.error("a mount cannot be made: helpers wait for the vNode's own file systems", metadata: ["vnode": "\(vnode.record.name)"])
            throw .ioError
        }
        let file = try SealedMemory.make(order.encoded, name: "mount")
        let given = [slot.memoryDescriptor, listener.descriptor.raw, descriptors.staging.raw, descriptors.pidfd.raw, file.raw]
        let helper = try Processes.spawn(
            "/proc/self/exe", ["vnode-fs", "mounter"], descriptors: given, from: MountOrder.Descriptor.memory.rawValue)
        let hasEnded = (try? Poll.readable([helper.pidfd.raw], milliseconds: patience)) == [true]
        if !hasEnded { try? Processes.send(SIGKILL, to: helper.pidfd) }
        var status: CInt?
        if hasEnded || (try? Poll.readable([helper.pidfd.raw], milliseconds: 1000)) == [true] {
            status = try? Processes.wait(helper.pid).status
        } else {
            vnode.helpers.leave(helper.pid)
        }
        return try answered(otherwise: "a helper has ended without an answer, status \(status.map { "\($0)" } ?? "unknown")")
    }

    /// The helper has answered, or nobody does.
    private func answered(otherwise: String) throws(Errno) -> Answer {
        guard isWaiting else { return .given }
        log.error("a mount cannot be made: \(otherwise)", metadata: ["vnode": "\(vnode.record.name)"])
        throw .ioError
    }
}
