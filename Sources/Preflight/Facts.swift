public import NodeConfiguration

/// What was found on a node, before anybody judges it.
public struct Facts: Sendable, Equatable {
    /// What came of trying something.
    public enum Attempt: Sendable, Equatable {
        case works
        case fails(String)
        case notTried(String)
    }

    public struct Containerd: Sendable, Equatable {
        public var path: String
        /// What `containerd --version` printed, or why it did not.
        public var version: String
        /// What `containerd config dump` printed; nil when it failed.
        public var configuration: String?

        public init(path: String, version: String, configuration: String?) {
            self.path = path
            self.version = version
            self.configuration = configuration
        }
    }

    /// What `/etc/vnode/config.toml` says.
    public var configured: NodeConfiguration
    /// The kernel has SELinux on.
    public var hasSELinux: Bool
    /// What the engine's `--version` printed; nil when it cannot be executed.
    public var engineVersion: String?
    /// `--root-dir` of the running kubelet.
    public var kubeletDirectory: String?
    /// `uname -r`.
    public var kernel: String
    /// `/sys/fs/cgroup` is a cgroup2 file system.
    public var hasCgroup2: Bool
    /// Where cgroup v1 hierarchies are mounted.
    public var cgroup1: [String]
    /// `cgroup.controllers` of the root.
    public var controllers: [String]
    public var containerd: Containerd?
    /// As the kubelet was told, when there is one.
    public var kubeletEndpoint: String?
    /// Sockets of other runtimes that are there.
    public var otherSockets: [String]
    /// Opening `/dev/fuse`.
    public var fuse: Attempt
    public var userNamespace: Attempt
    public var mappedOverlay: Attempt
    /// Where that was tried: what works depends on the file system.
    public var overlayPlace: String
    public var timeNamespace: Attempt
    /// `/proc/sys/kernel/seccomp/actions_avail`.
    public var seccompActions: [String]

    public init(
        kernel: String, hasCgroup2: Bool, cgroup1: [String], controllers: [String], containerd: Containerd?, kubeletEndpoint: String?,
        otherSockets: [String], fuse: Attempt, userNamespace: Attempt, mappedOverlay: Attempt, overlayPlace: String,
        timeNamespace: Attempt, seccompActions: [String], configured: NodeConfiguration = NodeConfiguration(), engineVersion: String? = nil,
        kubeletDirectory: String? = nil, hasSELinux: Bool = false
    ) {
        self.hasSELinux = hasSELinux
        self.configured = configured
        self.engineVersion = engineVersion
        self.kubeletDirectory = kubeletDirectory
        self.kernel = kernel
        self.hasCgroup2 = hasCgroup2
        self.cgroup1 = cgroup1
        self.controllers = controllers
        self.containerd = containerd
        self.kubeletEndpoint = kubeletEndpoint
        self.otherSockets = otherSockets
        self.fuse = fuse
        self.userNamespace = userNamespace
        self.mappedOverlay = mappedOverlay
        self.overlayPlace = overlayPlace
        self.timeNamespace = timeNamespace
        self.seccompActions = seccompActions
    }
}
