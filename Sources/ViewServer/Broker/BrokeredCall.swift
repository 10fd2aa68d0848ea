import CLinux
import Linux
import Logging
import Seccomp
import SystemPackage
import Takeover
import Tree

/// One system call that waits for its answer. What is done for it can be done again by the next worker.
struct BrokeredCall {
    enum Answer: Equatable {
        case value(Int64)
        case failed(Errno)
        /// The kernel is to do it. Never because of what a pointer points to: that can be another thing when the kernel looks.
        case kernels
        /// Somebody else has answered.
        case given
    }

    let slot: NotificationSlot
    let listener: Listener
    let vnode: VNode
    let log: Logger

    init(_ slot: NotificationSlot, _ listener: Listener, _ vnode: VNode, log: Logger) {
        self.slot = slot
        self.listener = listener
        self.vnode = vnode
        self.log = log
    }

    func answer() throws(Errno) -> Answer {
        guard let (architecture, call) = Architecture.call(slot.call, audit: slot.audit) else { return .failed(.noFunction) }
        switch call {
        case .sysinfo:
            let memory = try memory()
            try memory.write(try view.systemInformation().bytes(isCompat: architecture.isCompat), at: slot.argument(0))
            return .value(0)
        case .getAffinity: return try getAffinity(isCompat: architecture.isCompat)
        case .setAffinity: return try setAffinity()
        case .mount: return try mount()
        case .unmount: return try unmount()
        }
    }

    var view: View {
        get throws(Errno) { try vnode.view(listener.view) }
    }

    /// Whether the caller still waits. What was opened by its number before that is its.
    var isWaiting: Bool { clinux_notification_waits(listener.descriptor.raw, slot.id) != 0 }

    func checkWaiting() throws(Errno) {
        guard isWaiting else { throw .noSuchProcess }
    }

    func memory() throws(Errno) -> CallerMemory {
        let memory = try CallerMemory(of: slot.caller)
        try checkWaiting()
        return memory
    }
}
