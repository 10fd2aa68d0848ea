import FuseKit
import Tree

/// What the kernel must forget when a view shows other things. Called without locks: the kernel may have to wait for reads first.
enum Invalidation {
    static func changed(_ view: View, from before: Extent, to now: Extent, on connection: Connection) {
        walk(.top, .top, view, before, now, on: connection)
    }

    /// Below a directory as it was and as it is; nil where it was not or is not.
    private static func walk(
        _ old: Place?, _ new: Place?, _ view: View, _ before: Extent, _ now: Extent, on connection: Connection
    ) {
        let catalog = view.catalog
        guard let directory = old ?? new else { return }
        let was = old.map { catalog.children(of: $0, extent: before) } ?? []
        let isNow = new.map { catalog.children(of: $0, extent: now) } ?? []
        let left = Set(isNow.map(\.name))
        let known = Set(was.map(\.name))
        let parent = NodeID(view: view.number, place: directory).raw
        for child in was + isNow.filter({ !known.contains($0.name) }) {
            let isNew = !known.contains(child.name)
            let isGone = !left.contains(child.name)
            if isNew || isGone { connection.invalidate(name: child.name, in: parent) }
            let entry = catalog[child.place]
            if entry.kind == .directory {
                walk(isNew ? nil : child.place, isGone ? nil : child.place, view, before, now, on: connection)
            } else if let row = entry.row, row.freshness == .onEvent, !row.needs.isDisjoint(with: .extent) {
                connection.invalidate(node: NodeID(view: view.number, place: child.place).raw)
            }
        }
        if known != left { connection.invalidate(node: parent) }
    }
}
