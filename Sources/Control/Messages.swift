/// A vNode as the launcher announces it and the daemon remembers it.
public struct VNodeRecord: Codable, Sendable, Equatable {
    public var name: String
    /// First of the vNode's UIDs and GIDs on the node; what root of the vNode is.
    public var uidBase: UInt32
    /// CLOCK_BOOTTIME of the node at which the vNode started, nanoseconds.
    public var startedAt: UInt64
    public var hostname: String
    public var bootID: String
    /// Absolute path of the vNode's top cgroup directory.
    public var cgroup: String
    /// Node pid of `vnode-init`.
    public var initPID: Int32
    /// CPU list the vNode is confined to by affinity, where no cpuset controller does it.
    public var affinity: String?
    /// Numbers of the two FUSE connections in fusectl (minor device numbers of the mounts), to abort one that hangs.
    public var staticConnection: UInt32?
    public var liveConnection: UInt32?

    public init(
        name: String, uidBase: UInt32, startedAt: UInt64, hostname: String, bootID: String, cgroup: String, initPID: Int32,
        affinity: String? = nil
    ) {
        self.name = name
        self.uidBase = uidBase
        self.startedAt = startedAt
        self.hostname = hostname
        self.bootID = bootID
        self.cgroup = cgroup
        self.initPID = initPID
        self.affinity = affinity
    }
}

/// One view: the outer container's, or that of one inner container.
public struct ViewRecord: Codable, Sendable, Equatable {
    public var name: String
    /// Absolute path of the cgroup directory the view is bound to; at or below its top.
    public var cgroup: String
    /// Inode number of the network namespace of the processes that see it, where that is not the vNode's.
    public var network: UInt64?
    /// The cgroup up to which limits count; nil: the vNode's top. A pod's containers have it in their pod's.
    public var top: String?

    public init(name: String, cgroup: String, network: UInt64? = nil, top: String? = nil) {
        self.name = name
        self.cgroup = cgroup
        self.network = network
        self.top = top
    }
}

/// A request on its way: `{"number":3,"request":{"list":{}}}`. Numbers of a connection only grow.
public struct Asked: Codable, Sendable, Equatable {
    public var number: UInt64
    public var request: Request

    public init(_ number: UInt64, _ request: Request) {
        self.number = number
        self.request = request
    }
}

/// An answer on its way: `{"number":3,"part":0,"response":{"done":{}}}`. The parts of one request's are numbered from 0. Both numbers
/// are there because a worker that takes over answers again what the one before may have answered.
public struct Answered: Codable, Sendable, Equatable {
    public var number: UInt64
    public var part: Int
    public var response: Response

    public init(_ number: UInt64, part: Int, _ response: Response) {
        self.number = number
        self.part = part
        self.response = response
    }
}

/// What the launcher asks. One request is one message (`Asked`); descriptors travel with it in the order named.
public enum Request: Codable, Sendable, Equatable {
    case hello(version: Int)
    /// Descriptors: static /dev/fuse, live /dev/fuse, staging mount namespace, pidfd of `vnode-init`,
    /// root of the vNode's procfs in staging. Answer: `.done`.
    case addVNode(VNodeRecord)
    /// Answer: `.view(number:)`, the name of the view's directory at the root of both connections. A tied view goes with the
    /// connection it was added on.
    case addView(vnode: String, ViewRecord, isTied: Bool)
    /// Descriptor: the seccomp listener of a container that sees this view, staged at `top`. Answer: `.done`.
    case addListener(vnode: String, view: UInt32, top: String)
    case removeView(vnode: String, number: UInt32)
    case removeVNode(name: String)
    /// Answer: `.done` with the staging mount namespace as descriptor.
    case staging(vnode: String)
    /// Answers: one `.vnode` or more each, with a part of its views, then `.done`.
    case list
    /// Descriptor: the program to serve with from now on. Answer: `.upgraded` by that program.
    case upgrade
    /// Answer: `.done` with a sealed memfd, a report of the requests answered, as descriptor.
    case metrics

    /// What is asked, without of what: for the log.
    public var name: String { "\(self)".split(separator: "(", maxSplits: 1).first.map(String.init) ?? "" }
}

public enum Response: Codable, Sendable, Equatable {
    case done
    case hello(version: Int, pid: Int32)
    case view(number: UInt32)
    case vnode(VNodeRecord, views: [ViewRecord])
    case upgraded(release: String, pid: Int32)
    /// errno and a sentence for people.
    case failed(errno: Int32, message: String)
}

/// Version of this release.
public let releaseVersion = "0.1.0"

/// Version of this protocol: both sides must have the same.
public let protocolVersion = 4

/// Where the daemon listens unless told otherwise.
public let defaultSocketPath = "/run/vnode/vnode-fs.sock"

extension Response {
    /// What tells of a vNode, its views in as many messages as they take.
    public static func vnodes(_ record: VNodeRecord, views: [ViewRecord]) -> [Response] {
        var parts: [[ViewRecord]] = [[]]
        var used = 0
        for view in views {
            let size = Channel.size(of: view) + 1
            if used + size > Channel.longest / 2, used > 0 {
                parts.append([])
                used = 0
            }
            parts[parts.count - 1].append(view)
            used += size
        }
        return parts.map { .vnode(record, views: $0) }
    }
}
