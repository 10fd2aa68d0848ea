public import SystemPackage

/// What an entry of a tree is.
public enum EntryKind: UInt8, Sendable {
    case file, directory, symlink
    /// A device, a pipe, a socket: never opened.
    case other
}

/// Who answers for an entry: the kind of file system it is on.
public enum Answerer: UInt8, Sendable, CaseIterable {
    case proc, sysfs, cgroup, fuse, memory
    /// debugfs, tracefs: reading some of their files takes something away, so none is read.
    case debug
    case other
}

/// One entry of a directory.
public struct Entry: Sendable, Equatable {
    public var name: String
    public var kind: EntryKind
    public var answerer: Answerer
    public var mode: UInt16
    /// Whether the container's root may open it for writing; nothing was written.
    public var isWritable: Bool
    /// What a symlink says.
    public var target: String

    public init(
        name: String, kind: EntryKind, answerer: Answerer = .other, mode: UInt16 = 0, isWritable: Bool = false, target: String = ""
    ) {
        self.name = name
        self.kind = kind
        self.answerer = answerer
        self.mode = mode
        self.isWritable = isWritable
        self.target = target
    }
}

/// What there was to read.
public enum Content: Sendable, Equatable {
    case bytes([UInt8])
    /// The first `Bounds.file` bytes of more.
    case cut([UInt8])
    case failed(Errno)
    /// No answer in time.
    case hung

    public var bytes: [UInt8]? {
        switch self {
        case .bytes(let bytes), .cut(let bytes): bytes
        case .failed, .hung: nil
        }
    }
}

public enum Listing: Sendable, Equatable {
    case entries([Entry], isCut: Bool)
    case failed(Errno)
    case hung
}

/// A `/proc` and `/sys` as somebody sees them: a process of a container, the node, or a fixture. `/proc/self` stands for the directory
/// of the process looked at.
public protocol TreeSource: AnyObject {
    func list(_ path: String) -> Listing
    func read(_ path: String) -> Content
    /// Whether the file can be opened for reading; nothing is read.
    func canOpen(_ path: String) -> Bool
}

/// How much of a hostile tree is looked at.
public enum Bounds {
    /// Bytes of a file.
    public static let file = 1 << 20
    public static let depth = 24
    public static let directory = 1 << 14
    public static let entries = 200_000
    /// Bytes of all contents kept.
    public static let contents = 512 << 20
    /// Files that may give no answer before the audit gives up.
    public static let hung = 16
}
