import Tree

/// What the kernel must be told of: by vNode and view, the extent of which it was told last. A vNode has a thread for it while there
/// is something to tell, or waits for one.
struct Telling {
    private struct Entry {
        var changed: [Int: Extent] = [:]
        var hasThread: Bool
    }

    private var entries: [String: Entry] = [:]

    /// A view has changed. Whether a thread is to be started.
    mutating func note(_ vnode: String, view: Int, before: Extent) -> Bool {
        var entry = entries[vnode] ?? Entry(hasThread: false)
        if entry.changed[view] == nil { entry.changed[view] = before }
        let isFirst = !entry.hasThread
        entry.hasThread = true
        entries[vnode] = entry
        return isFirst
    }

    /// The thread could not be started: what is to be told stays.
    mutating func failed(_ vnode: String) { entries[vnode]?.hasThread = false }

    /// vNodes for which a thread is to be started after all.
    mutating func waiting() -> [String] {
        let names = entries.filter { !$0.value.hasThread }.keys.sorted()
        for name in names { entries[name]?.hasThread = true }
        return names
    }

    /// What the thread of a vNode has to tell; it ends when there is nothing.
    mutating func take(_ vnode: String) -> [Int: Extent] {
        let changed = entries[vnode]?.changed ?? [:]
        entries[vnode] = changed.isEmpty ? nil : Entry(hasThread: true)
        return changed
    }
}
