/// A place in the tree of one view: an entry of the catalog and the number its patterns stand for.
public struct Place: Hashable, Sendable {
    public let entry: Int
    public let instance: Int

    public init(entry: Int, instance: Int) {
        self.entry = entry
        self.instance = instance
    }

    /// The view's top directory, which holds `proc`, `sys` and `cover`.
    public static let top = Place(entry: 0, instance: 0)
}

/// The table compiled for lookup: every path component an entry, directories implied by their children included.
public struct Catalog: Sendable {
    public struct Entry: Sendable {
        /// Component of the path, as the table has it.
        public let name: String
        /// What its `*` stands for.
        public let pattern: Pattern?
        public let parent: Int
        public let kind: Kind
        public let mode: UInt16
        /// In `/proc/sys`: a directory there has one link, whatever is in it, and is listed by name.
        public let isSysctl: Bool
        /// nil for a directory no row names.
        public internal(set) var row: Row?
        public internal(set) var children: [Int] = []
        /// Of the row's `shows` and `zeroes`.
        public internal(set) var shows: Int?
        public internal(set) var zeroes: Zeroed?
        /// Path of an entry of an earlier catalog that is no longer there.
        public internal(set) var gone: String?
    }

    /// `Zeroes` of a row, with the entry it names.
    public struct Zeroed: Sendable {
        public let entry: Int
        public let onlyOnChange: Bool

        public init(entry: Int, onlyOnChange: Bool = false) {
            self.entry = entry
            self.onlyOnChange = onlyOnChange
        }
    }

    public let entries: [Entry]
    /// Of the sysctls meminfo looks at.
    public let overcommitRatio: Int?
    public let overcommitKilobytes: Int?

    /// The tree of the table, used everywhere.
    public static let standard = Catalog(rows: Table.rows)

    /// `paths` are those of a catalog before this one, in its order: what is still there keeps its number, because the kernel knows
    /// nodes by it; what is gone leaves a hole.
    public init(rows: [Row], numberedAs paths: [String] = []) {
        let made = Catalog(unnumbered: rows)
        guard !paths.isEmpty else {
            self = made
            return
        }
        let mine = made.paths
        let index = Dictionary(mine.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        let known = Set(paths)
        let order: [Int?] = paths.map { index[$0] } + mine.indices.filter { !known.contains(mine[$0]) }.map { $0 }
        var number = [Int](repeating: 0, count: mine.count)
        for (new, old) in order.enumerated() { if let old { number[old] = new } }
        entries = Catalog.linked(
            order.enumerated().map { new, old in
                guard let old else {
                    return Entry(name: "", pattern: nil, parent: 0, kind: .directory, mode: 0, isSysctl: false, row: nil, gone: paths[new])
                }
                let entry = made.entries[old]
                return Entry(
                    name: entry.name, pattern: entry.pattern, parent: number[entry.parent], kind: entry.kind, mode: entry.mode,
                    isSysctl: entry.isSysctl, row: entry.row, children: entry.children.map { number[$0] })
            })
        (overcommitRatio, overcommitKilobytes) = Catalog.overcommit(entries)
    }

    /// The path of every entry as the table has it, in order: what `numberedAs` takes.
    public var paths: [String] {
        entries.indices.map { index in
            if let gone = entries[index].gone { return gone }
            var parts: [String] = []
            var at = index
            while at != 0 {
                parts.append(entries[at].name)
                at = entries[at].parent
            }
            return parts.reversed().joined(separator: "/")
        }
    }

    private struct Child: Hashable {
        var parent: Int
        var name: String
    }

    private init(unnumbered rows: [Row]) {
        var entries = [Entry(name: "", pattern: nil, parent: 0, kind: .directory, mode: 0o555, isSysctl: false, row: nil)]
        entries.reserveCapacity(2 * rows.count)
        var known: [Child: Int] = [:]
        known.reserveCapacity(2 * rows.count)
        // The components of the row before: rows of a directory stand together.
        var way: [(name: String, entry: Int, outer: Pattern?)] = []
        for row in rows + Cover.rows {
            let components = row.path.utf8.split(separator: 0x2f).map(Substring.init)
            way.removeLast(max(0, way.count - max(0, components.count - 1)))
            let shared = zip(way, components).prefix { Catalog.equal($0.name, $1) }.count
            way.removeLast(way.count - shared)
            let (isOfSysfs, isSysctl) = (components.first == "sys", components.starts(with: ["proc", "sys"]))
            for (depth, component) in components.enumerated().dropFirst(way.count) {
                let (parent, outer) = (way.last?.entry ?? 0, way.last?.outer)
                let name = String(component)
                let pattern = Pattern(component, below: outer)
                let isLast = depth == components.count - 1
                let child = Child(parent: parent, name: name)
                let at = known[child] ?? entries.count
                if at < entries.count {
                    if isLast { entries[at].row = row }
                } else {
                    entries.append(
                        Entry(
                            name: name, pattern: pattern, parent: parent, kind: isLast ? row.kind : .directory,
                            mode: isLast ? row.mode : isOfSysfs && depth > 0 ? 0o755 : 0o555, isSysctl: isSysctl && depth > 0,
                            row: isLast ? row : nil))
                    entries[parent].children.append(at)
                    known[child] = at
                }
                way.append((name, at, pattern ?? outer))
            }
        }
        self.entries = Catalog.linked(entries)
        (overcommitRatio, overcommitKilobytes) = Catalog.overcommit(self.entries)
    }

    private static func overcommit(_ entries: [Entry]) -> (ratio: Int?, kilobytes: Int?) {
        func entry(_ path: String) -> Int? { entries.firstIndex { $0.row.map { equal($0.path, path) } == true } }
        return (entry("/proc/sys/vm/overcommit_ratio"), entry("/proc/sys/vm/overcommit_kbytes"))
    }

    /// With what `shows` and `zeroes` of the rows name found, and in the order of listings.
    private static func linked(_ entries: [Entry]) -> [Entry] {
        var places: [String: Int] = [:]
        for (index, entry) in entries.enumerated() { if let path = entry.row?.path { places[path] = index } }
        return entries.map { entry in
            var entry = entry
            if entry.isSysctl { entry.children.sort { entries[$0].name.utf8.lexicographicallyPrecedes(entries[$1].name.utf8) } }
            entry.shows = entry.row?.shows.flatMap { places[$0] }
            entry.zeroes = entry.row?.zeroes.flatMap { zeroes in
                places[zeroes.path].map { Zeroed(entry: $0, onlyOnChange: zeroes.onlyOnChange) }
            }
            return entry
        }
    }

    /// The stored sysctl whose content a file shows.
    public func shown(at entry: Int) -> Int? { entries[entry].shows }

    public subscript(_ place: Place) -> Entry { entries[place.entry] }

    /// Whether the daemon serves the entry (and lists it): everything but what is left to the kernel.
    public func isServed(_ entry: Int) -> Bool {
        guard let row = entries[entry].row else { return true }
        switch row.policy {
        case .emulate, .constant, .empty: return true
        // With a renderer the daemon asks the kernel inside the namespace.
        case .namespaced where row.render != nil: return true
        case .deny: return entries[entry].parent == coverDirectory
        case .namespaced: return row.isMountPoint
        case .pass: return false
        }
    }

    /// Whether the daemon serves the entry or something below it. Below what is left to the kernel that is what may be bound there, and
    /// what a debug mount has of it.
    func isReached(_ entry: Int) -> Bool { isServed(entry) || entries[entry].children.contains(where: isReached) }

    /// The child `name` of a directory, as a view of this extent sees it; nil is ENOENT. Of an optional one there may still be none
    /// (see `Row.isOptional`).
    public func lookup(_ name: String, in directory: Place, extent: Extent) -> Place? {
        for child in entries[directory.entry].children {
            let entry = entries[child]
            if let pattern = entry.pattern {
                guard let instance = pattern.instance(of: name, in: extent, below: directory.instance) else { continue }
                return isReached(child) ? Place(entry: child, instance: instance) : nil
            }
            guard Catalog.equal(entry.name, name) else { continue }
            return isReached(child) ? Place(entry: child, instance: directory.instance) : nil
        }
        return nil
    }

    /// The entries of a directory in order, as a view of this extent sees them; optional ones included.
    public func children(of directory: Place, extent: Extent) -> [(name: String, place: Place)] {
        var list: [(name: String, place: Place)] = []
        for child in entries[directory.entry].children where isReached(child) {
            let entry = entries[child]
            if let pattern = entry.pattern {
                for found in pattern.names(in: extent, below: directory.instance) {
                    list.append((found.name, Place(entry: child, instance: found.instance)))
                }
            } else {
                list.append((entry.name, Place(entry: child, instance: directory.instance)))
            }
        }
        return list
    }

    /// Whether a place is there at all, in a view where files have the content that `render` answers: an optional file that would
    /// be empty is not, nor is an optional directory with nothing in it but such.
    public func isThere<Failure: Error>(
        _ place: Place, render: (Place) throws(Failure) -> [UInt8]
    ) throws(Failure) -> Bool {
        let entry = entries[place.entry]
        guard entry.row?.isOptional == true else { return true }
        if entry.kind != .directory { return try !render(place).isEmpty }
        for child in entry.children where entries[child].pattern == nil {
            if try isThere(Place(entry: child, instance: place.instance), render: render) { return true }
        }
        return false
    }

    /// The directory above, and the top's own.
    public func parent(of place: Place) -> Place {
        let entry = entries[place.entry]
        return Place(entry: entry.parent, instance: entry.pattern?.outer(of: place.instance) ?? place.instance)
    }

    /// The path of a place below the view's top: `sys/devices/system/cpu/cpu1/online`. With a `*` where it takes a view to know.
    public func path(of place: Place) -> String {
        var parts: [String] = []
        var at = place
        while at.entry != 0 {
            let entry = entries[at.entry]
            parts.append(entry.pattern?.name(of: at.instance) ?? entry.name)
            at = parent(of: at)
        }
        return parts.reversed().joined(separator: "/")
    }

    /// The place at `path` below the top; without an extent, in a view that has everything (any disk is number 0).
    public func place(at path: String, in extent: Extent? = nil) -> Place? {
        var at = Place.top
        for component in path.split(separator: "/") {
            let children = entries[at.entry].children
            let name = String(component)
            if let exact = children.first(where: { entries[$0].pattern == nil && Catalog.equal(entries[$0].name, name) }) {
                at = Place(entry: exact, instance: at.instance)
            } else if let found = children.lazy.compactMap({ child -> Place? in
                guard let instance = entries[child].pattern?.instance(of: name, in: extent, below: at.instance) else { return nil }
                return Place(entry: child, instance: instance)
            }).first {
                at = found
            } else {
                return nil
            }
        }
        return at
    }

    /// Whether a directory lists the disks the view has used, which nobody tells of.
    public func hasDisks(in entry: Int) -> Bool {
        entries[entry].children.contains { entries[$0].pattern == .disk || entries[$0].pattern == .diskNumber }
    }

    /// Whether what a directory lists is the view's extent's to say.
    public func listsExtent(_ entry: Int) -> Bool { entries[entry].children.contains { entries[$0].pattern != nil } }

    /// Whether an entry is what gets bound over undecided entries, or the directory of it.
    public func isCover(_ entry: Int) -> Bool { entry == coverDirectory || entries[entry].parent == coverDirectory }

    var coverDirectory: Int { entries[0].children.first { entries[$0].name == Cover.directory } ?? 0 }

    /// Byte by byte: `==` on strings takes canonically equivalent Unicode for the same name, the kernel does not.
    static func equal(_ one: some StringProtocol, _ other: some StringProtocol) -> Bool { one.utf8.elementsEqual(other.utf8) }
}
