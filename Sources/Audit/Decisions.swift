import Tree

/// Whether the table says something about a path.
enum Decision: Equatable {
    /// A row, or a directory that rows are in.
    case decided
    /// A row that says nobody may read it.
    case denied
    case none

    init(_ path: String, _ entry: Entry, _ subject: Subject) {
        let catalog = Catalog.standard
        var at = ""
        for component in path.split(separator: "/") {
            at += (at.isEmpty ? "" : "/") + component
            guard let place = catalog.place(at: at) else {
                self = .none
                return
            }
            let row = catalog[place].row
            // What is below belongs to the namespaces of who reads it.
            if row?.policy == .namespaced {
                self = Decision.isDenied(path) ? .denied : .decided
                return
            }
            if row?.policy == .deny {
                self = .denied
                return
            }
            // The mount point of the container's own cgroups.
            if entry.answerer == .cgroup, at == "sys/fs/cgroup", !subject.shared.contains("cgroup") {
                self = .decided
                return
            }
        }
        self = .decided
    }

    /// A row below a directory that is left to the kernel. The table has `/proc/net`, which is a link to `/proc/self/net`.
    private static func isDenied(_ path: String) -> Bool {
        let isNetwork = path.hasPrefix("/proc/self/net/")
        let named = isNetwork ? "/proc/net/" + path.dropFirst("/proc/self/net/".count) : path
        return Table.rows.contains { $0.policy == .deny && (named == $0.path || named.hasPrefix($0.path + "/")) }
    }
}
