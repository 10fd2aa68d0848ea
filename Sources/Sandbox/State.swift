/// A process that cannot be mistaken for a later one with the same pid.
public struct ProcessIdentity: Codable, Sendable, Equatable {
    public let pid: Int32
    /// Field 22 of `/proc/<pid>/stat`.
    public let startTime: UInt64
}

/// What the launcher writes down about a vNode: `vnodes/<name>/state.json`.
public struct State: Codable, Sendable, Equatable {
    public enum Phase: String, Codable, Sendable {
        /// Being made, or kept by the `vnode run` that made it: gone with its creator.
        case attached
        /// Complete, and meant to outlive its creator.
        case kept
    }

    public var name: String
    public var phase: Phase
    public var creator: ProcessIdentity
    public var uidBase: UInt32
    public var hostname: String
    public var bootID: String
    public var limits: Limits
    public var affinity: String?
    /// Path of the top cgroup on the node.
    public var cgroup: String
    /// Seconds since 1970.
    public var created: Int64
    /// CLOCK_BOOTTIME of the node, nanoseconds.
    public var startedAt: UInt64 = 0
    public var initProcess: ProcessIdentity?
    public var daemonSocket: String = ""
    /// Number of the view all its containers share.
    public var view: UInt32?
    /// The daemon that serves this vNode only.
    public var privateDaemon: ProcessIdentity?
    /// Root filesystem of its inner containers; nil: the view of the machine.
    public var rootfs: String?
    public var volumes: [Volume]?
    public var devices: [Device]?
    /// nil: the vNode's own.
    public var network: Network?
    /// Whether root of the vNode may make cgroups below its containers'.
    public var delegatesCgroups: Bool?
    /// Whose pods it is for; nil: made by `vnode run`.
    public var pod: PodKey?
}

/// What has to happen with a recorded vNode when a command starts.
enum Verdict: Equatable {
    case leave, clean

    /// `isHeld`: some process holds the entry's lock. The creator's word counts only while it lives: its children have inherited
    /// the lock, and take a moment to follow it.
    static func of(
        _ state: State?, isHeld: Bool, isAlive: (ProcessIdentity) -> Bool, isServed: (State) -> Bool
    ) -> Verdict {
        guard let state else { return isHeld ? .leave : .clean }
        if isHeld && isAlive(state.creator) { return .leave }
        guard state.phase == .kept, let first = state.initProcess, isAlive(first) else { return .clean }
        guard let daemon = state.privateDaemon else { return isServed(state) ? .leave : .clean }
        return isAlive(daemon) ? .leave : .clean
    }
}
