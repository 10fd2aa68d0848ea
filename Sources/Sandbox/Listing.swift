import Control
import FoundationEssentials
import Linux
import SystemPackage

/// What `vnode list` and `vnode inspect` tell of a vNode.
public struct Summary: Codable, Sendable, Equatable {
    public var name: String
    /// `starting`, `running` or `kept`.
    public var status: String
    public var initPID: Int32?
    public var uidBase: UInt32
    public var uidCount: UInt32
    public var hostname: String
    public var bootID: String
    public var cgroup: String
    public var limits: Limits
    public var affinity: String?
    public var rootfs: String?
    /// RFC 3339, UTC.
    public var created: String
    public var daemonSocket: String
    public var hasPrivateDaemon: Bool
    /// Whose pods it is for; nil: made by `vnode run`.
    public var pod: PodKey?
    /// Names of its views; only in `inspect`.
    public var views: [String]?

    /// Whose pods it is for, in a word or two: `namespace shop`. Names come from who makes pods: what would move a terminal is left out.
    public var pods: String? {
        pod.map { key in
            let name = key.value.unicodeScalars.filter { (" "..."~").contains($0) }
            return "\(key.scope.rawValue) \(String(String.UnicodeScalarView(name)))"
        }
    }

    init(_ state: State) {
        name = state.name
        let isUp = state.initProcess?.isAlive == true
        status = !isUp ? "starting" : state.phase == .kept ? "kept" : "running"
        initPID = state.initProcess?.pid
        uidBase = state.uidBase
        uidCount = IDRange.size
        hostname = state.hostname
        bootID = state.bootID
        cgroup = state.cgroup
        limits = state.limits
        affinity = state.affinity
        rootfs = state.rootfs
        created = Date(timeIntervalSince1970: Double(state.created)).formatted(.iso8601)
        daemonSocket = state.daemonSocket
        hasPrivateDaemon = state.privateDaemon != nil
        pod = state.pod
    }
}

public enum Listing {
    public static func all(stateDirectory: String) throws(Failure) -> [Summary] {
        let directory = try StateDirectory(stateDirectory)
        try directory.reconcile()
        return try directory.names().compactMap { directory.state(of: $0).map(Summary.init) }
    }

    public static func one(_ name: String, stateDirectory: String) throws(Failure) -> Summary {
        let directory = try StateDirectory(stateDirectory)
        try directory.reconcile()
        guard Name.isValid(name), let state = directory.state(of: name) else { throw Failure("no vNode named \"\(name)\"") }
        var summary = Summary(state)
        summary.views = try? views(of: state)
        return summary
    }

    private static func views(of state: State) throws -> [String] {
        let daemon = try Daemon.reconnect(state)
        try daemon.channel.start(.list)
        var found: [String] = []
        while case .vnode(let record, let views) = try daemon.channel.answer().0 {
            if record.name == state.name { found += views.map(\.name) }
        }
        return found
    }
}
