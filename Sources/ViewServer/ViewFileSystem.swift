import Control
import FuseKit
import Glibc
import Linux
import Synchronization
import SystemPackage
import Takeover
import Tree

/// The tree on a FUSE connection. Who is asked is decided by where the connection is mounted: the caller's pid is never looked at.
final class ViewFileSystem: FileSystem {
    enum Role: Int {
        /// A vNode's files that change only on an event; open(2) is not asked.
        case `static` = 0
        /// A vNode's files that change by themselves.
        case live
        /// The whole tree of one view at the connection's root: the debug mount.
        case whole
    }

    let role: Role
    private let vnode: VNode
    private let invalidate: InvalidationSlot
    private let handles: DirectHandles
    private let catalog: Catalog
    private let kept: Mutex<Vault.Record?>

    /// `direct` are the answers a worker before this one was giving on this connection, `triggers` those that were set on it.
    init(
        role: Role, vnode: VNode, invalidate: InvalidationSlot, generation: UInt64, direct: [UInt64: Vault.Record] = [:],
        triggers: [UInt64: Vault.Record] = [:], negotiated: Vault.Record? = nil
    ) {
        self.role = role
        self.vnode = vnode
        self.invalidate = invalidate
        catalog = vnode.catalog
        kept = Mutex(negotiated)
        handles = DirectHandles(vnode.records, role: role.rawValue, generation: generation)
        for (handle, record) in direct { handles.restore(handle, record) }
        for (handle, record) in triggers { vnode.triggers.restore(handle, record, of: vnode, waking: invalidate) }
    }

    func negotiated(_ request: [UInt8]) {
        kept.withLock { $0 = vnode.records.put(request, Item(.negotiated, handle: UInt64(role.rawValue)), replacing: $0) }
    }

    var isWithoutOpen: Bool { role == .static }

    func lookup(_ name: String, in parent: UInt64, _ reply: consuming Reply) {
        let node: NodeID
        let attributes: (Attributes, Double)
        do throws(Errno) {
            node = try child(name, of: parent)
            attributes = try self.attributes(of: node)
        } catch {
            return reply.error(error)
        }
        reply.entry(node: node.raw, attributes.0, seconds: attributes.1)
    }

    func attributes(of node: UInt64, handle: UInt64?, _ reply: consuming Reply) {
        let attributes: (Attributes, Double)
        do throws(Errno) {
            if node == NodeID.root {
                attributes = role == .whole ? try self.attributes(of: decode(node), inode: 1) : (root, Reply.forever)
            } else {
                attributes = try self.attributes(of: decode(node), isCachedHandle: handle == 0)
            }
        } catch {
            return reply.error(error)
        }
        reply.attributes(attributes.0, seconds: attributes.1)
    }

    func target(of symlink: UInt64, _ reply: consuming Reply) {
        let bytes: [UInt8]
        do throws(Errno) {
            let id = try decode(symlink)
            guard catalog[id.place].kind == .symlink else { throw .invalidArgument }
            bytes = try vnode.view(id.view).render(id.place)
            // What it led to is no longer there.
            if bytes.isEmpty { throw .noSuchFileOrDirectory }
        } catch {
            return reply.error(error)
        }
        reply.target(bytes)
    }

    func open(_ node: UInt64, flags: Int32, _ slot: RequestSlot, _ reply: consuming Reply) {
        let opened: (UInt64, OpenMode)
        do throws(Errno) {
            let id = try decode(node)
            let isForWriting = flags & O_ACCMODE != O_RDONLY || flags & O_TRUNC != 0
            if isForWriting, try row(id.place).writing == nil { throw .permissionDenied }
            opened = try open(id, isForWriting: isForWriting, slot)
        } catch {
            return reply.error(error)
        }
        reply.opened(handle: opened.0, opened.1)
    }

    func read(_ node: UInt64, handle: UInt64, offset: Int, size: Int, _ slot: RequestSlot, _ reply: consuming Reply) {
        let bytes: [UInt8]
        do throws(Errno) {
            let id = try decode(node)
            let view = try vnode.view(id.view)
            switch try row(id.place).freshness {
            case .onEvent: bytes = try view.render(id.place)
            case .within where role == .static, .everyOpen where role == .static: throw Errno.ioError
            // A direct handle that is mapped fills the page cache that cached ones read.
            case .within where handle == 0 || slot.isPageRead: bytes = try view.generations(of: id.place).content
            case .within:
                bytes = try handles.bytes(of: handle, offset: offset, for: slot) { () throws(Errno) in
                    let answer = try view.render(id.place)
                    try view.generations(of: id.place).outdate()
                    return answer
                }
            case .everyOpen:
                if slot.isPageRead { handles.notePageRead(handle) }
                bytes = try handles.bytes(of: handle, offset: offset, for: slot) { () throws(Errno) in
                    try content(of: id, view, slot)
                }
            }
        } catch {
            return reply.error(error)
        }
        reply.data(bytes, offset: offset, size: size)
    }

    func write(
        _ node: UInt64, handle: UInt64, offset: Int, _ bytes: [UInt8], isAppending: Bool, _ slot: RequestSlot, _ reply: consuming Reply
    ) {
        let taken: Int
        do throws(Errno) {
            let id = try decode(node)
            // A sysctl has no end to append to.
            taken = try write(bytes, at: isAppending ? 0 : offset, to: id, handle: handle, slot)
        } catch {
            return reply.error(error)
        }
        reply.written(taken)
    }

    /// procfs lets nobody change modes and owners, and takes sizes and times without effect where it can be written.
    func change(_ node: UInt64, _ what: AttributeChange, _ reply: consuming Reply) {
        let attributes: (Attributes, Double)
        do throws(Errno) {
            let id = try decode(node)
            guard what.isDisjoint(with: [.mode, .owner]) else { throw .notPermitted }
            guard try row(id.place).writing != nil else { throw what.contains(.size) ? .permissionDenied : .notPermitted }
            attributes = try self.attributes(of: id)
        } catch {
            return reply.error(error)
        }
        reply.attributes(attributes.0, seconds: attributes.1)
    }

    /// As `psi_trigger_poll`: a pressure file without a trigger cannot be waited for.
    func poll(_ node: UInt64, handle: UInt64, key: UInt64?, _ slot: RequestSlot) throws(Errno) -> PollEvents {
        guard case .trigger = try row(decode(node).place).writing else { return .always }
        guard let hasFired = vnode.triggers.poll(handle, key: key, slot) else { return [.always, .failed, .urgent] }
        return hasFired ? [.always, .urgent] : .always
    }

    func release(_ node: UInt64, handle: UInt64, _ slot: RequestSlot) {
        if handle != 0 {
            // The kernel has taken the end of what was read for the size. The next answer may be longer.
            if handles.close(handle) { invalidate.connection?.invalidateAttributes(node: node) }
            vnode.triggers.close(handle)
        }
        guard let id = try? decode(node), let view = try? vnode.view(id.view), case .within = catalog[id.place].row?.freshness
        else { return }
        (try? view.generations(of: id.place))?.close(handle == 0 ? .cached : .direct, slot)
    }

    func entries(of directory: UInt64) throws(Errno) -> [DirectoryEntry] {
        func entry(_ name: String, _ inode: UInt64, _ kind: Kind = .directory) -> DirectoryEntry {
            DirectoryEntry(name: name, inode: inode, type: type(of: kind))
        }
        if directory == NodeID.root, role != .whole {
            return [entry(".", 1), entry("..", 1)] + vnode.viewNumbers.map { entry(String($0), NodeID(view: $0, place: .top).inode) }
        }
        let id = try decode(directory)
        guard catalog[id.place].kind == .directory else { throw .notDirectory }
        let above = NodeID(view: id.view, place: catalog.parent(of: id.place))
        let itself = [entry(".", directory == NodeID.root ? 1 : id.inode), entry("..", id.place == .top ? 1 : above.inode)]
        return itself + (try children(of: id)).map { entry($0.name, NodeID(view: id.view, place: $0.place).inode, catalog[$0.place].kind) }
    }

    // MARK: -

    private func decode(_ raw: UInt64) throws(Errno) -> NodeID {
        if raw == NodeID.root, role == .whole { return NodeID(view: VNode.firstView, place: .top) }
        guard let id = NodeID(raw, entries: catalog.entries.count), catalog[id.place].gone == nil else { throw .noSuchFileOrDirectory }
        return id
    }

    private func row(_ place: Place) throws(Errno) -> Row {
        guard let row = catalog[place].row, row.kind != .directory else { throw .isDirectory }
        guard row.kind == .file else { throw .invalidArgument }
        return row
    }

    private func child(_ name: String, of parent: UInt64) throws(Errno) -> NodeID {
        if parent == NodeID.root, role != .whole {
            guard let number = Int(name), String(number) == name else { throw .noSuchFileOrDirectory }
            return NodeID(view: try vnode.view(number).number, place: .top)
        }
        let id = try decode(parent)
        let view = try vnode.view(id.view)
        guard let place = try catalog.lookup(name, in: id.place, extent: view.extent(in: id.place)), !isHidden(place), try view.has(place)
        else { throw .noSuchFileOrDirectory }
        return NodeID(view: id.view, place: place)
    }

    private func children(of id: NodeID) throws(Errno) -> [(name: String, place: Place)] {
        let view = try vnode.view(id.view)
        var found: [(name: String, place: Place)] = []
        for child in catalog.children(of: id.place, extent: try view.extent(in: id.place)) where !isHidden(child.place) {
            if try view.has(child.place) { found.append(child) }
        }
        return found
    }

    private func type(of kind: Kind) -> UInt32 {
        switch kind {
        case .file: S_IFREG
        case .directory: S_IFDIR
        case .symlink: S_IFLNK
        }
    }

    /// The debug mount has no use for what is bound over a real procfs.
    private func isHidden(_ place: Place) -> Bool { role == .whole && catalog.isCover(place.entry) }

    private var root: Attributes {
        Attributes(inode: 1, mode: S_IFDIR | 0o555, links: 2, uid: vnode.owner, gid: vnode.owner, size: 0, modified: vnode.bornAt)
    }

    /// Links as the kernel's file systems count them: a directory's own two and one for each directory in it; one in `/proc/sys`.
    private func directory(_ id: NodeID, _ view: View, inode: UInt64) throws(Errno) -> (Attributes, Double) {
        let links =
            catalog[id.place].isSysctl ? 1 : 2 + UInt32(clamping: try children(of: id).count { catalog[$0.place].kind == .directory })
        var found = Attributes(
            inode: inode, mode: S_IFDIR | UInt32(catalog[id.place].mode), links: links, uid: vnode.owner,
            gid: vnode.owner, size: 0, modified: vnode.bornAt)
        // The kernel may add a listing that was under way to its cache after it was told of a change: it lists again at a new time.
        if catalog.listsExtent(id.place.entry) { found.modified = max(found.modified, view.changedAt) }
        guard catalog.hasDisks(in: id.place.entry) else { return (found, Reply.forever) }
        // Nobody says when a view has used another disk: the kernel is to ask, and a new time makes it list again.
        found.modified += Int64(try view.extent(in: id.place).disks.reduce(1) { ($0 * 31 + $1.number) % 999_983 })
        return (found, 1)
    }

    /// As sysfs says of all its files: no answer that is computed at every open is longer.
    private static let page = 4096

    /// Attributes and the seconds they hold.
    private func attributes(of id: NodeID, inode: UInt64? = nil, isCachedHandle: Bool = false) throws(Errno) -> (Attributes, Double) {
        let view = try vnode.view(id.view)
        let entry = catalog[id.place]
        if entry.kind == .directory { return try directory(id, view, inode: inode ?? id.inode) }
        // A symlink has no size, as in sysfs.
        var file = Attributes(
            inode: id.inode, mode: type(of: entry.kind) | UInt32(entry.mode), links: 1, uid: vnode.owner, gid: vnode.owner, size: 0,
            modified: vnode.bornAt)
        // Owned by the node's root, which is nobody in there: the mode then holds for the vNode's root as well.
        if entry.row?.owner == .nobody { (file.uid, file.gid) = (0, 0) }
        guard let row = entry.row, row.render != nil, row.kind == .file else { return (file, Reply.forever) }
        switch row.freshness {
        case .onEvent:
            file.size = try view.render(id.place).count
            return (file, Reply.forever)
        case .everyOpen:
            // sendfile(2) and splice(2), since kernel 6.5, read no further than the size even of a direct file; busybox's cat does so.
            file.size = ViewFileSystem.page
            return (file, Reply.forever)
        case .within:
            let generations = try view.generations(of: id.place)
            let (answer, validity) =
                isCachedHandle
                ? try generations.refresh(now: Clock.monotonic, wallClock: Clock.wall) { () throws(Errno) in try view.render(id.place) }
                : generations.attributes(now: Clock.monotonic)
            file.size = answer.length
            if answer.takenAt != nil { file.modified = answer.stamp }
            return (file, Double(validity) / 1e9)
        }
    }

    /// The content of a file that is computed at every open.
    private func content(of id: NodeID, _ view: View, _ slot: RequestSlot) throws(Errno) -> [UInt8] {
        guard case .namespace(let kind) = catalog[id.place].row?.writing, let sysctls = vnode.namespaceSysctls else {
            return try view.render(id.place)
        }
        return try sysctls.read(catalog.path(of: id.place), kind, caller: slot.caller, network: view.record.network)
    }

    private func write(_ bytes: [UInt8], at offset: Int, to id: NodeID, handle: UInt64, _ slot: RequestSlot) throws(Errno) -> Int {
        let view = try vnode.view(id.view)
        switch try row(id.place).writing {
        case nil: throw .permissionDenied
        case .trigger(let resource):
            try vnode.triggers.set(
                PressureTrigger(bytes, of: resource, isPrivileged: slot.user == vnode.owner), of: resource, in: view, handle: handle,
                waking: invalidate, for: slot)
            return bytes.count
        case .stored(let form):
            let entry = id.place.entry
            return try vnode.sysctls.write(
                entry, form, bytes, at: offset, original: view.original(id.place), zeroed: catalog.entries[entry].zeroes, for: slot)
        case .namespace(let kind):
            guard let sysctls = vnode.namespaceSysctls else { throw .permissionDenied }
            return try sysctls.write(
                bytes, at: offset, to: catalog.path(of: id.place), kind, caller: slot.caller, network: view.record.network)
        }
    }

    private func open(_ id: NodeID, isForWriting: Bool, _ slot: RequestSlot) throws(Errno) -> (UInt64, OpenMode) {
        let view = try vnode.view(id.view)
        switch try row(id.place).freshness {
        case .onEvent: return (0, .cached)
        case .everyOpen: return (handles.open(), .direct)
        case .within where isForWriting:
            try view.generations(of: id.place).openDirect(slot)
            return (handles.open(), .direct)
        case .within(let milliseconds):
            let opening = try view.generations(of: id.place).open(
                now: Clock.monotonic, freshness: Int64(milliseconds) * 1_000_000, wallClock: Clock.wall, slot: slot,
                render: { () throws(Errno) in try view.render(id.place) },
                renew: { renewal in
                    guard let connection = invalidate.connection else { return }
                    if case .overwrite(let bytes) = renewal, connection.store(bytes, in: id.raw) { return }
                    connection.invalidate(node: id.raw)
                })
            return opening == .cached ? (0, .cached) : (handles.open(), .direct)
        }
    }
}
