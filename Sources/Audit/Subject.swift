import Tree

/// What is known of the container beside its files.
public struct Subject: Sendable {
    /// Kinds of namespaces it shares with the node.
    public var shared: Set<String>
    /// CPUs it may run on, as a list.
    public var allowedCPUs: String
    /// What uname(2) says: anybody may ask.
    public var kernel: KernelNames
    /// The kernel's build configuration, as `/proc/config.gz` shows it to everybody: name to value.
    public var build: [String: String] = [:]
    /// The node's clocks in nanoseconds when the container's are others; the container's own boot time clock beside it.
    public var clocks: Clocks?
    /// Pids on the node of the container's processes, where they are not those inside.
    public var pids: Set<Int64>

    public struct KernelNames: Sendable {
        public var release: String
        public var version: String

        public init(release: String, version: String) {
            self.release = release
            self.version = version
        }
    }

    public struct Clocks: Sendable {
        public var nodeBoot: Int64
        public var insideBoot: Int64

        public init(nodeBoot: Int64, insideBoot: Int64) {
            self.nodeBoot = nodeBoot
            self.insideBoot = insideBoot
        }
    }

    public init(
        shared: Set<String> = [], allowedCPUs: String = "", kernel: KernelNames = KernelNames(release: "", version: ""),
        clocks: Clocks? = nil,
        pids: Set<Int64> = []
    ) {
        self.shared = shared
        self.allowedCPUs = allowedCPUs
        self.kernel = kernel
        self.clocks = clocks
        self.pids = pids
    }
}
