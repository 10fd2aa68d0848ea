public import Tree

/// What a view is, told once when it is made.
public struct ViewConfiguration: Sendable {
    public var hostname: String
    public var bootID: String
    /// CLOCK_BOOTTIME of the node at the vNode's start, nanoseconds.
    public var startedAt: UInt64
    /// The CPUs the vNode's tasks are pinned to, where no cpuset controller does it.
    public var affinity: CPUSet?
    /// The view's cgroup, an absolute directory.
    public var cgroup: String
    /// The vNode's top cgroup: limits are the least from `cgroup` up to here, itself included.
    public var top: String
    /// Where the view's load begins; nil: where the vNode does, with a cgroup that had used nothing.
    public var loadStart: LoadStart?
    /// A procfs of the vNode's PID namespace, borrowed; the node's own when nil or negative.
    public var procfs: Int32?

    public init(
        hostname: String, bootID: String, startedAt: UInt64, affinity: CPUSet? = nil, cgroup: String, top: String,
        loadStart: LoadStart? = nil, procfs: Int32? = nil
    ) {
        self.hostname = hostname
        self.bootID = bootID
        self.startedAt = startedAt
        self.affinity = affinity
        self.cgroup = cgroup
        self.top = top
        self.loadStart = loadStart
        self.procfs = procfs
    }
}
