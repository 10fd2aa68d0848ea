import CLinux
import Control
import Glibc
import Linux
import SystemPackage
import Takeover

/// What the daemon starts for one mount(2) of proc or sysfs, or one umount2(2), that a process of a vNode waits for: entering namespaces takes
/// a process with one thread. It gives the answer itself, so that the daemon's worker may die meanwhile.
public enum Mounter {
    /// Descriptors are those of `MountOrder.Descriptor`. The result is an exit status.
    public static func run() -> Int32 {
        _ = clinux_hide()
        // Paths may lead through file systems of the vNode's own, which need not answer.
        _ = alarm(MountOrder.patience)
        let listener = MountOrder.Descriptor.listener.rawValue
        guard let order = readOrder() else { return 2 }
        // The call was given up, or another helper has it now: that one answers.
        var isSuperseded = false
        do throws(Errno) {
            let slot = NotificationSlot(
                try SharedMemory(existing: OwnedFD(taking: MountOrder.Descriptor.memory.rawValue)), order.slot)
            let begin = { () throws(Errno) in
                guard clinux_notification_waits(listener, order.notification) != 0, slot.begin(attempt: order.attempt) else {
                    isSuperseded = true
                    throw Errno.noSuchProcess
                }
            }
            let goesOn = try perform(order, begin: begin)
            _ = clinux_notification_answer(listener, order.notification, 0, 0, goesOn ? 1 : 0)
            return 0
        } catch {
            if isSuperseded { return 0 }
            _ = clinux_notification_answer(listener, order.notification, 0, error.rawValue, 0)
            return 1
        }
    }

    private static func readOrder() -> MountOrder? {
        let file = OwnedFD(taking: MountOrder.Descriptor.order.rawValue)
        guard let bytes = try? SealedMemory.read(file, limit: 1 << 16) else { return nil }
        return try? MountOrder(bytes)
    }

    /// `begin` is called just before what cannot be undone. Answers whether the kernel is to go on with the call.
    private static func perform(_ order: MountOrder, begin: () throws(Errno) -> Void) throws(Errno) -> Bool {
        let staging = OwnedFD(taking: MountOrder.Descriptor.staging.rawValue)
        let first = OwnedFD(taking: MountOrder.Descriptor.first.rawValue)
        let caller = try Caller.find(order.caller, target: order.target)
        guard clinux_notification_waits(MountOrder.Descriptor.listener.rawValue, order.notification) != 0 else { throw .noSuchProcess }
        let own = try VNodeNamespaces.of(first, pid: order.vnode.initPID)
        try caller.check(isIn: own.users)
        if order.kind == .unmount {
            try Namespaces.enter(first, .user)
            try Processes.become(uid: 0, gid: 0)
            // UMOUNT_NOFOLLOW.
            let target = try caller.openTarget(base: order.vnode.uidBase, follow: order.flags & 8 == 0)
            guard try Directories.isDirectory(target),
                Mounts.isCovered(target, connections: [order.vnode.staticConnection, order.vnode.liveConnection])
            else { return true }
            _ = try check(fchdir(target.raw))
            try begin()
            // What is mounted over it keeps it busy for ever otherwise, and cannot be taken away before it.
            try Mounts.detach(".")
            return false
        }
        let tree = try CoveredTree.make(order, for: caller, staging: staging, first: first, own: own)
        let target = try caller.openTarget(base: order.vnode.uidBase, follow: true)
        guard try Directories.isDirectory(target) else { throw .notDirectory }
        try begin()
        try Mounts.attach(tree, to: target)
        return false
    }
}
