/// A place in the tree of one view: an entry of the catalog and the number its `*` stands for.
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
        /// Component of the path; of a pattern the part before its `*`.
        public let name: String
        public let isPattern: Bool
        public let parent: Int
        public let kind: Kind
        public let mode: UInt16
        /// nil for a directory no row names.
        public internal(set) var row: Row?
        public internal(set) var children: [Int] = []
        /// Entries of the row's `shows` and `zeroes`.
        public internal(set) var shows: Int?
        public internal(set) var zeroes: Int?
        /// Path of an entry of an earlier catalog that is no longer there.
        public internal(set) var gone: String?
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
                    return Entry(name: "", isPattern: false, parent: 0, kind: .directory, mode: 0, row: nil, gone: paths[new])
                }
                let entry = made.entries[old]
                return Entry(
                    name: entry.name, isPattern: entry.isPattern, parent: number[entry.parent], kind: entry.kind, mode: entry.mode,
                    row: entry.row,
                    children: entry.children.map { number[$0] })
            })
        (overcommitRatio, overcommitKilobytes) = Catalog.overcommit(entries)
    }

    /// The path of every entry with `*` for its pattern, in order: what `numberedAs` takes.
    public var paths: [String] {
        entries.indices.map { index in
            if let gone = entries[index].gone { return gone }
            var parts: [String] = []
            var at = index
            while at != 0 {
                parts.append(entries[at].name + (entries[at].isPattern ? "*" : ""))
                at = entries[at].parent
            }
            return parts.reversed().joined(separator: "/")
        }
    }

    private init(unnumbered rows: [Row]) {
        var entries = [Entry(name: "", isPattern: false, parent: 0, kind: .directory, mode: 0o555, row: nil)]
        for row in rows + Cover.rows {
            var at = 0
            let components = row.path.split(separator: "/")
            for (depth, component) in components.enumerated() {
                let last = depth == components.count - 1
                let isPattern = component.hasSuffix("*")
                let name = String(isPattern ? component.dropLast() : component)
                if let known = entries[at].children.first(where: { entries[$0].name == name && entries[$0].isPattern == isPattern }) {
                    at = known
                    if last { entries[at].row = row }
                } else {
                    entries.append(
                        Entry(
                            name: name, isPattern: isPattern, parent: at, kind: last ? row.kind : .directory,
                            mode: last ? row.mode : 0o555, row: last ? row : nil))
                    entries[at].children.append(entries.count - 1)
                    at = entries.count - 1
                }
            }
        }
        self.entries = Catalog.linked(entries)
        (overcommitRatio, overcommitKilobytes) = Catalog.overcommit(self.entries)
    }

    private static func overcommit(_ entries: [Entry]) -> (ratio: Int?, kilobytes: Int?) {
        func entry(_ path: String) -> Int? { entries.firstIndex { $0.row?.path == path } }
        return (entry("/proc/sys/vm/overcommit_ratio"), entry("/proc/sys/vm/overcommit_kbytes"))
    }

    /// With what `shows` and `zeroes` of the rows name found.
    private static func linked(_ entries: [Entry]) -> [Entry] {
        var places: [String: Int] = [:]
        for (index, entry) in entries.enumerated() { if let path = entry.row?.path { places[path] = index } }
        return entries.map { entry in
            var entry = entry
            entry.shows = entry.row?.shows.flatMap { places[$0] }
            entry.zeroes = entry.row?.zeroes.flatMap { places[$0] }
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
        case .namespaced, .pass: return false
        }
    }

    /// Whether the daemon serves the entry or something below it. Below what is left to the kernel that is what may be bound there, and
    /// what a debug mount has of it.
    func isReached(_ entry: Int) -> Bool { isServed(entry) || entries[entry].children.contains(where: isReached) }

    /// The child `name` of a directory, as a view with these CPUs sees it; nil is ENOENT.
    public func lookup(_ name: String, in directory: Place, cpus: CPUSet) -> Place? {
        for child in entries[directory.entry].children {
            let entry = entries[child]
            if !entry.isPattern {
                guard Catalog.equal(entry.name, name) else { continue }
                return isReached(child) && exists(child, instance: directory.instance)
                    ? Place(entry: child, instance: directory.instance) : nil
            } else if let number = Catalog.number(name, after: entry.name), cpus.contains(number) {
                return isServed(child) ? Place(entry: child, instance: number) : nil
            }
        }
        return nil
    }

    /// The entries of a directory in order, as a view with these CPUs sees them.
    public func children(of directory: Place, cpus: CPUSet) -> [(name: String, place: Place)] {
        var list: [(name: String, place: Place)] = []
        for child in entries[directory.entry].children where isReached(child) {
            let entry = entries[child]
            if entry.isPattern {
                for id in cpus.ids { list.append((entry.name + String(id), Place(entry: child, instance: id))) }
            } else if exists(child, instance: directory.instance) {
                list.append((entry.name, Place(entry: child, instance: directory.instance)))
            }
        }
        return list
    }

    /// The directory above, and the top's own.
    public func parent(of place: Place) -> Place {
        let entry = entries[place.entry]
        return Place(entry: entry.parent, instance: entry.isPattern ? 0 : place.instance)
    }

    /// The path of a place below the view's top: `sys/devices/system/cpu/cpu1/online`.
    public func path(of place: Place) -> String {
        var parts: [String] = []
        var at = place
        while at.entry != 0 {
            let entry = entries[at.entry]
            parts.append(entry.isPattern ? entry.name + String(at.instance) : entry.name)
            at = parent(of: at)
        }
        return parts.reversed().joined(separator: "/")
    }

    /// The place at `path` below the top, without regard to which CPUs a view has.
    public func place(at path: String) -> Place? {
        var at = Place.top
        for component in path.split(separator: "/") {
            let children = entries[at.entry].children
            let name = String(component)
            if let exact = children.first(where: { !entries[$0].isPattern && Catalog.equal(entries[$0].name, name) }) {
                at = Place(entry: exact, instance: at.instance)
            } else if let (child, number) = children.lazy.compactMap({ child -> (Int, Int)? in
                guard entries[child].isPattern else { return nil }
                return Catalog.number(name, after: entries[child].name).map { (child, $0) }
            }).first {
                at = Place(entry: child, instance: number)
            } else {
                return nil
            }
        }
        return at
    }

    /// Whether an entry is what gets bound over undecided entries, or the directory of it.
    public func isCover(_ entry: Int) -> Bool { entry == coverDirectory || entries[entry].parent == coverDirectory }

    var coverDirectory: Int { entries[0].children.first { entries[$0].name == Cover.directory } ?? 0 }

    private func exists(_ entry: Int, instance: Int) -> Bool { instance >= (entries[entry].row?.firstInstance ?? 0) }

    /// Byte by byte: `==` on strings takes canonically equivalent Unicode for the same name, the kernel does not.
    static func equal(_ one: String, _ other: String) -> Bool { one.utf8.elementsEqual(other.utf8) }

    /// What follows `prefix` in `name`, as a canonical decimal CPU number: no sign, no leading zero.
    static func number(_ name: String, after prefix: String) -> Int? {
        guard name.utf8.starts(with: prefix.utf8) else { return nil }
        let digits = name.utf8.dropFirst(prefix.utf8.count)
        guard (1...4).contains(digits.count), digits.count == 1 || digits.first != 0x30 else { return nil }
        var value = 0
        for digit in digits {
            guard (0x30...0x39).contains(digit) else { return nil }
            value = value * 10 + Int(digit - 0x30)
        }
        return value < CPUSet.most ? value : nil
    }
}
