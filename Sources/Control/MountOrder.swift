import FoundationEssentials

/// What the daemon has a helper do for a mount(2) or umount2(2) that a process of a vNode waits for.
public struct MountOrder: Codable, Sendable, Equatable {
    public enum Kind: String, Codable, Sendable {
        case proc, sysfs
        /// Of a tree that was mounted so.
        case unmount
    }

    public var kind: Kind
    public var vnode: VNodeRecord
    /// The view the process sees, and where it is staged.
    public var view: UInt32
    public var top: String
    /// What waits: its notification, the slot that has it, which attempt this is, and the thread.
    public var notification: UInt64
    public var slot: Int
    public var attempt: UInt32
    public var caller: Int32
    /// As the process passed them.
    public var target: [UInt8]
    public var flags: UInt64
    public var options: [UInt8]

    public init(
        _ kind: Kind, vnode: VNodeRecord, view: UInt32, top: String, notification: UInt64, slot: Int, attempt: UInt32, caller: Int32,
        target: [UInt8], flags: UInt64, options: [UInt8]
    ) {
        self.kind = kind
        self.vnode = vnode
        self.view = view
        self.top = top
        self.notification = notification
        self.slot = slot
        self.attempt = attempt
        self.caller = caller
        self.target = target
        self.flags = flags
        self.options = options
    }

    public init(_ encoded: [UInt8]) throws { self = try JSONDecoder().decode(MountOrder.self, from: Data(encoded)) }

    public var encoded: [UInt8] { (try? JSONEncoder().encode(self)).map { Array($0) } ?? [] }

    /// Descriptors of the helper, in this order from 3 on.
    public enum Descriptor: Int32, CaseIterable, Sendable {
        case memory = 3
        case listener, staging, first, order
    }

    /// Seconds a helper has.
    public static let patience: UInt32 = 5
}
