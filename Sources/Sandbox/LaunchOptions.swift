import Control
import Glibc
import Linux
import SystemPackage
import Tree

/// What `vnode run` was asked for.
public struct LaunchOptions: Sendable {
    public var name: String?
    public var hostname: String?
    public var limits: Limits
    /// Where its ids are taken from.
    public var ids: IDPool
    public var rootfs: String?
    public var keep: Bool
    public var volumes: [Volume] = []
    public var devices: [Device] = []
    public var network = Network.ofVNode
    /// Whether its root may make cgroups below those of its containers.
    public var delegatesCgroups = false
    public var command: CommandOptions
    /// Of the daemon; nil: the node's, or a private one.
    public var socket: String?
    /// Where the node's daemon is looked for.
    public var nodeSocket = defaultSocketPath
    public var stateDirectory: String
    /// Whose pods the vNode is for.
    var pod: PodKey?
    /// Path of the OCI engine; nil: runc in PATH.
    var engine: String?

    public init(
        name: String?, hostname: String?, limits: Limits, ids: IDPool = .standard, rootfs: String?, keep: Bool, command: CommandOptions,
        socket: String?, stateDirectory: String
    ) {
        self.name = name
        self.hostname = hostname
        self.limits = limits
        self.ids = ids
        self.rootfs = rootfs
        self.keep = keep
        self.command = command
        self.socket = socket
        self.stateDirectory = stateDirectory
    }
}

/// What must hold before anything is made.
enum Preconditions {
    static func check(terminal: Bool) throws(Failure) {
        guard geteuid() == 0 else {
            throw Failure("must run as root: making a vNode takes mounts and namespaces of the node (try sudo)")
        }
        if terminal, isatty(0) == 0 { throw Failure("-t: standard input is not a terminal: leave it out") }
        guard Directories.kind("/dev/fuse") != nil else {
            throw Failure("/dev/fuse is not there: load the module (modprobe fuse), or pass the device into this container")
        }
    }

    /// CPUs of `--cpuset`, every one of which must be online.
    static func cpus(_ list: String) throws(Failure) -> CPUSet {
        guard let asked = CPUSet(list: list), !asked.isEmpty else { throw Failure("--cpuset \(list): not a list of CPUs, as in 0-3,8") }
        let text = (try? Files.read("/sys/devices/system/cpu/online")).map { String(decoding: $0, as: UTF8.self) } ?? ""
        let online = CPUSet(list: text) ?? CPUSet()
        guard asked.intersection(online) == asked else {
            throw Failure("--cpuset \(list): this machine has the CPUs \(online.list) online")
        }
        return asked
    }
}
