import FuseKit
import Tree

/// What the kernel must forget when a view's CPUs change. Called without locks: the kernel may have to wait for reads first.
enum Invalidation {
    static func cpusChanged(_ view: View, from before: CPUSet, to now: CPUSet, on connection: Connection) {
        let catalog = view.catalog
        let ids = Set(before.ids).union(now.ids)
        for (index, entry) in catalog.entries.enumerated() {
            let instances = entry.isPattern || hasPatternAbove(index, in: catalog) ? Array(ids) : [0]
            if let row = entry.row, row.freshness == .onEvent, !row.needs.isDisjoint(with: .visibleCPUs) {
                for id in instances { connection.invalidate(node: NodeID(view: view.number, place: Place(entry: index, instance: id)).raw) }
            }
            guard entry.isPattern else { continue }
            let parent = NodeID(view: view.number, place: Place(entry: entry.parent, instance: 0)).raw
            for id in ids where before.contains(id) != now.contains(id) {
                connection.invalidate(name: entry.name + String(id), in: parent)
            }
            connection.invalidate(node: parent)
        }
    }

    private static func hasPatternAbove(_ index: Int, in catalog: Catalog) -> Bool {
        var at = index
        while at != 0 {
            if catalog.entries[at].isPattern { return true }
            at = catalog.entries[at].parent
        }
        return false
    }
}
