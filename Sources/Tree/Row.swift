public import Text

/// What a view shows at a path.
public enum Policy: String, Sendable, CaseIterable {
    /// Answer computed for this view.
    case emulate
    /// The kernel already answers for the reader's namespaces: left alone.
    case namespaced
    /// The same answer on every node.
    case constant
    /// Readable without content; a directory without entries.
    case empty
    /// Covered: EACCES where the mount point cannot be hidden, ENOENT in the debug mount.
    case deny
    /// The node's own content. Only what the documentation lists.
    case pass
}

/// How old an answer may be, and with it how it is served.
public enum Freshness: Sendable, Equatable {
    /// Changes only on an event: cached by the kernel until the daemon says otherwise ("static").
    case onEvent
    /// An open sees one moment, at most this many milliseconds old ("snapshot").
    case within(milliseconds: Int)
    /// Computed at every open ("direct").
    case everyOpen
}

extension Freshness: CustomStringConvertible {
    /// As the list of paths shows it: `static`, `snapshot 50 ms`, `direct`.
    public var description: String {
        switch self {
        case .onEvent: "static"
        case .within(let milliseconds): "snapshot \(milliseconds) ms"
        case .everyOpen: "direct"
        }
    }
}

/// The readings a renderer needs; the server takes exactly these before it calls it.
public struct Needs: OptionSet, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// `Snapshot.clock`
    public static let clock = Needs(rawValue: 1 << 0)
    /// `Snapshot.cpus` without the topology
    public static let cpus = Needs(rawValue: 1 << 1)
    /// `Snapshot.processors` (blocks of the node's cpuinfo)
    public static let processors = Needs(rawValue: 1 << 2)
    /// `Snapshot.cpuTimes` and `Snapshot.cpuTotal`
    public static let cpuTimes = Needs(rawValue: 1 << 3)
    /// `Snapshot.nodeMemory` and `Snapshot.memory`
    public static let memory = Needs(rawValue: 1 << 4)
    /// `Snapshot.tasks`
    public static let tasks = Needs(rawValue: 1 << 5)
    /// `Snapshot.load`
    public static let load = Needs(rawValue: 1 << 6)
    /// `Snapshot.disks`
    public static let disks = Needs(rawValue: 1 << 7)
    /// `Snapshot.vmstat`
    public static let vmstatNames = Needs(rawValue: 1 << 8)
    public static let cpuPressure = Needs(rawValue: 1 << 9)
    public static let memoryPressure = Needs(rawValue: 1 << 10)
    public static let ioPressure = Needs(rawValue: 1 << 11)

    /// Everything that is other when a view's extent is.
    public static let extent: Needs = [.cpus, .topology, .processors, .caches, .nodes, .memoryBlocks]
    /// `Snapshot.identity.freshUUID`; the rest of the identity is always there.
    public static let uuid = Needs(rawValue: 1 << 12)
    /// `Snapshot.cpus` with the topology
    public static let topology = Needs(rawValue: 1 << 13)

    public static let irqPressure = Needs(rawValue: 1 << 20)
    /// `Snapshot.zones`; with `memory`
    public static let zones = Needs(rawValue: 1 << 21)
    /// `Snapshot.locks`
    public static let locks = Needs(rawValue: 1 << 22)
    /// `Snapshot.descendantCgroups`
    public static let cgroups = Needs(rawValue: 1 << 23)
    /// `Snapshot.cpus` with the caches
    public static let caches = Needs(rawValue: 1 << 24)
    /// `Snapshot.nodes`
    public static let nodes = Needs(rawValue: 1 << 25)
    /// `Snapshot.memoryBlocks`
    public static let memoryBlocks = Needs(rawValue: 1 << 26)
    /// `Snapshot.vulnerabilities`
    public static let vulnerabilities = Needs(rawValue: 1 << 27)
}

public enum Kind: String, Sendable {
    case file, directory, symlink
}

/// Whose a file is inside. The kernel checks modes (`default_permissions`): nobody inside can override them for what is nobody's.
public enum Owner: Sendable {
    case root, nobody
}

/// What becomes of what is written to a file. A file without one cannot be opened for writing (EACCES).
public enum Writing: Sendable {
    /// A value kept for the vNode, checked as the kernel does, shown by whoever reads next. Nothing of the node changes.
    case stored(SysctlForm)
    /// The kernel's own sysctl of the caller's namespace of this kind, or of the vNode's: read and written there.
    case namespace(NamespaceKind)
    /// What the open file is polled for from then on.
    case trigger(PressureResource)
}

/// Namespaces whose sysctls are read and written by the daemon.
public enum NamespaceKind: Sendable {
    case uts, ipc, network
}

/// Writes one file's content, or what a symlink points to. Pure: no I/O, no clock, never fails.
/// `instance` is the number the patterns of the row's path stand for (see `Pattern`), 0 without one.
public typealias Renderer = @Sendable (_ snapshot: borrowing Snapshot, _ instance: Int, _ out: inout ByteWriter) -> Void

/// A sysctl that a write to another one sets to 0.
public struct Zeroes: Sendable {
    public let path: String
    /// Writing what is there already leaves it alone.
    public let onlyOnChange: Bool
}

/// One line of the table: a path (or a pattern with `*`, see `Pattern`) and everything decided about it.
public struct Row: Sendable {
    public let path: String
    public let kind: Kind
    public let policy: Policy
    public let freshness: Freshness
    public let needs: Needs
    /// The kernel file this imitates, or where the decision comes from.
    public let source: String
    public let mode: UInt16
    /// Not there where its content would be empty; of a directory, where it has nothing but such in it: cpu0 has no `online`, because
    /// it cannot be taken offline.
    public let isOptional: Bool
    /// Why this policy, where the path does not say it; of every row that shows or denies something of the node.
    public let reason: String
    public let owner: Owner
    public let writing: Writing?
    /// The path of the stored sysctl whose content the renderer gets; of one that is stored itself its own.
    public let shows: String?
    /// What a write to it sets to 0.
    public let zeroes: Zeroes?
    public let render: Renderer?

    init(
        _ path: String, kind: Kind, policy: Policy, freshness: Freshness = .onEvent, needs: Needs = [],
        source: String, mode: UInt16, isOptional: Bool = false, reason: String = "", owner: Owner = .root, writing: Writing? = nil,
        shows: String? = nil, zeroes: Zeroes? = nil, render: Renderer? = nil
    ) {
        self.path = path
        self.kind = kind
        self.policy = policy
        self.freshness = freshness
        self.needs = needs
        self.source = source
        self.mode = mode
        self.isOptional = isOptional
        self.reason = reason
        self.owner = owner
        self.writing = writing
        self.shows = shows
        self.zeroes = zeroes
        self.render = render
    }

    static func emulate(
        _ path: String, _ freshness: Freshness, needs: Needs, source: String, mode: UInt16 = 0o444, isOptional: Bool = false,
        writing: Writing? = nil, reason: String = "", _ render: @escaping Renderer
    ) -> Row {
        Row(
            path, kind: .file, policy: .emulate, freshness: freshness, needs: needs, source: source, mode: mode,
            isOptional: isOptional, reason: reason, writing: writing, render: render)
    }

    static func constant(_ path: String, _ text: String, source: String, reason: String = "") -> Row {
        Row(path, kind: .file, policy: .constant, source: source, mode: 0o444, reason: reason) { _, _, out in out.write(text) }
    }

    /// `target` writes what it points to, without a newline. The kernel does not keep it: it may need what moves.
    static func link(
        _ path: String, policy: Policy = .constant, needs: Needs = [], source: String, _ target: @escaping Renderer
    ) -> Row {
        Row(path, kind: .symlink, policy: policy, needs: needs, source: source, mode: 0o777, render: target)
    }

    /// The same where the instance says it all.
    static func link(
        _ path: String, policy: Policy = .constant, source: String, to target: @escaping @Sendable (_ instance: Int) -> String
    ) -> Row {
        link(path, policy: policy, source: source) { _, instance, out in out.write(target(instance)) }
    }

    /// Whether it is served for something to be mounted on it: sysfs has our root, procfs the kernel's own.
    public var isMountPoint: Bool { policy == .namespaced && kind == .directory && path.utf8.starts(with: "/sys/".utf8) }

    /// Permissions of what cannot be written, as the kernel's file systems have them.
    private static func mode(_ path: String, _ kind: Kind) -> UInt16 {
        kind == .file ? 0o444 : path.utf8.starts(with: "/sys/".utf8) ? 0o755 : 0o555
    }

    static func namespaced(_ path: String, kind: Kind, source: String, reason: String) -> Row {
        Row(path, kind: kind, policy: .namespaced, source: source, mode: mode(path, kind), reason: reason)
    }

    static func pass(_ path: String, source: String, reason: String) -> Row {
        Row(path, kind: .file, policy: .pass, source: source, mode: 0o444, reason: reason)
    }

    static func empty(_ path: String, kind: Kind = .file, source: String, mode: UInt16? = nil, reason: String = "") -> Row {
        Row(path, kind: kind, policy: .empty, source: source, mode: mode ?? Row.mode(path, kind), reason: reason) { _, _, _ in }
    }

    /// EACCES where the kernel has the file; an empty directory where it has a directory; not there in the debug mount.
    static func deny(_ path: String, kind: Kind = .file, source: String, reason: String) -> Row {
        Row(path, kind: kind, policy: .deny, source: source, mode: 0, reason: reason)
    }
}
