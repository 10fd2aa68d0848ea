public import SystemPackage
public import Takeover

/// Attributes of a node as stat(2) shows them.
public struct Attributes: Sendable {
    public var inode: UInt64
    /// Type and permission bits: `S_IFREG | 0o444`.
    public var mode: UInt32
    public var links: UInt32
    public var uid: UInt32
    public var gid: UInt32
    public var size: Int
    /// Modification time, nanoseconds since 1970. A new one tells the kernel that cached content is old.
    public var modified: Int64

    public init(inode: UInt64, mode: UInt32, links: UInt32, uid: UInt32, gid: UInt32, size: Int, modified: Int64) {
        self.inode = inode
        self.mode = mode
        self.links = links
        self.uid = uid
        self.gid = gid
        self.size = size
        self.modified = modified
    }
}

/// How an opened file is read from then on.
public enum OpenMode: Sendable {
    /// Through the page cache, whose content still holds.
    case cached
    /// Every read(2) is a request with its own offset.
    case direct
}

public struct DirectoryEntry: Sendable {
    public let name: String
    public let inode: UInt64
    /// `S_IFREG` and the like.
    public let type: UInt32

    public init(name: String, inode: UInt64, type: UInt32) {
        self.name = name
        self.inode = inode
        self.type = type
    }
}

/// What chmod(2), chown(2), truncate(2), utimensat(2) or O_TRUNC ask for.
public struct AttributeChange: OptionSet, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static let mode = AttributeChange(rawValue: 1 << 0)
    public static let owner = AttributeChange(rawValue: 1 << 1 | 1 << 2)
    public static let size = AttributeChange(rawValue: 1 << 3)
    /// Access and modification time, set or to now, and change time.
    public static let times = AttributeChange(rawValue: 1 << 4 | 1 << 5 | 1 << 7 | 1 << 8 | 1 << 10)
}

/// What poll(2) tells.
public struct PollEvents: OptionSet, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Readable and writable: what the kernel says of a file that cannot be waited for.
    public static let always = PollEvents(rawValue: 0x1 | 0x4 | 0x40 | 0x100)
    public static let urgent = PollEvents(rawValue: 0x2)
    public static let failed = PollEvents(rawValue: 0x8)
}

/// What one connection serves. Called from several threads at once; must answer every request and never wait for
/// anything that could wait for the file system itself.
public protocol FileSystem: AnyObject, Sendable {
    /// Whether open(2) is decided by the kernel alone (FUSE_NO_OPEN_SUPPORT): one round trip less, for content that only
    /// changes when it is invalidated.
    var isWithoutOpen: Bool { get }
    /// The connection's FUSE_INIT, about to be answered: what a later worker needs to go on.
    func negotiated(_ request: [UInt8])
    func lookup(_ name: String, in parent: UInt64, _ reply: consuming Reply)
    /// `handle` is that of the open file the kernel asks for, nil for a plain stat(2).
    func attributes(of node: UInt64, handle: UInt64?, _ reply: consuming Reply)
    /// `slot` tells whether a worker before this one has begun with the request.
    func target(of symlink: UInt64, _ reply: consuming Reply)
    func open(_ node: UInt64, flags: Int32, _ slot: RequestSlot, _ reply: consuming Reply)
    func read(_ node: UInt64, handle: UInt64, offset: Int, size: Int, _ slot: RequestSlot, _ reply: consuming Reply)
    /// `bytes` are at most what was negotiated (`Connection.longestWrite`): a longer write(2) arrives in pieces, each with its offset,
    /// until one is taken in part or refused. `isAppending`: the offset is what the kernel believes to be the end.
    ///
    /// May come again after a worker's death: `slot` tells.
    func write(
        _ node: UInt64, handle: UInt64, offset: Int, _ bytes: [UInt8], isAppending: Bool, _ slot: RequestSlot, _ reply: consuming Reply)
    /// The kernel has checked who asks.
    func change(_ node: UInt64, _ what: AttributeChange, _ reply: consuming Reply)
    /// What poll(2) says of an open file. With a `key` somebody waits, whom `Connection.wake` makes ask again.
    func poll(_ node: UInt64, handle: UInt64, key: UInt64?, _ slot: RequestSlot) throws(Errno) -> PollEvents
    func release(_ node: UInt64, handle: UInt64, _ slot: RequestSlot)
    func entries(of directory: UInt64) throws(Errno) -> [DirectoryEntry]
}
