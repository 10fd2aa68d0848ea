/// Everything a tree shows, files unread.
public struct Walk: Sendable {
    public struct Found: Sendable {
        public let path: String
        public let entry: Entry
        /// Why its content is not read; nil when it is.
        public let unread: String?
    }

    /// In the order of their paths.
    public private(set) var found: [Found] = []
    /// Files not read that could be.
    public private(set) var openable: Set<String> = []
    /// What was left out, in sentences: an audit with such is not a whole one.
    public private(set) var gaps: [String] = []

    /// `/proc` and `/sys` of `source`. `progress` gets the number of entries now and then.
    public init(_ source: any TreeSource, progress: (Int) -> Void = { _ in }) {
        for top in ["/proc", "/sys"] { walk(top, source, depth: 1, progress) }
        found.sort { $0.path < $1.path }
        for file in found where file.unread != nil && file.entry.kind == .file && file.entry.answerer != .debug {
            if source.canOpen(file.path) { openable.insert(file.path) }
        }
    }

    private mutating func walk(_ directory: String, _ source: any TreeSource, depth: Int, _ progress: (Int) -> Void) {
        let entries: [Entry]
        switch source.list(directory) {
        case .failed: return
        case .hung:
            gaps.append("\(directory): no answer in time")
            return
        case .entries(let list, let isCut):
            entries = list.sorted { $0.name < $1.name }
            if isCut { gaps.append("\(directory): more than \(Bounds.directory) entries") }
        }
        for entry in entries {
            let path = directory + "/" + entry.name
            // One process stands for all: the one that is looked at.
            if directory == "/proc", entry.name.utf8.allSatisfy({ (0x30...0x39).contains($0) }) { continue }
            guard found.count < Bounds.entries else {
                if gaps.last?.hasPrefix("more than") != true { gaps.append("more than \(Bounds.entries) entries: the rest is left out") }
                return
            }
            found.append(Found(path: path, entry: entry, unread: Unread.reason(path, entry)))
            if found.count.isMultiple(of: 256) { progress(found.count) }
            // Walked below, whatever it is here.
            if path == "/proc/self" || path == "/proc/thread-self" { continue }
            guard entry.kind == .directory, entry.answerer != .debug, !Unread.directory(path) else { continue }
            guard depth < Bounds.depth else {
                gaps.append("\(path): deeper than \(Bounds.depth) directories")
                continue
            }
            walk(path, source, depth: depth + 1, progress)
        }
        if directory == "/proc" { walk("/proc/self", source, depth: depth + 1, progress) }
    }
}

/// What is not read, because reading it does something, or is no reading of a file.
enum Unread {
    static func reason(_ path: String, _ entry: Entry) -> String? {
        guard entry.kind == .file else { return "not a file" }
        if entry.answerer == .debug { return "reading some of these takes events away" }
        let name = path.split(separator: "/").last.map(String.init) ?? ""
        if path == "/proc/kmsg" { return "reading takes messages away" }
        if path == "/sys/class/zram-control/hot_add" { return "reading makes a device" }
        if ["/proc/kcore", "/proc/vmcore"].contains(path) || path.hasPrefix("/proc/kpage") { return "the machine's memory" }
        if Process.isOwn(path), ["mem", "pagemap", "smaps", "numa_maps", "smaps_rollup", "clear_refs"].contains(name) {
            return "the process's memory"
        }
        if path.hasPrefix("/sys/devices/"), name == "rom" || name == "vpd" || isResource(name) { return "reading reaches the device" }
        return nil
    }

    /// Directories of a process that are about its own files and threads.
    static func directory(_ path: String) -> Bool {
        ["fd", "fdinfo", "map_files", "task", "ns"].contains { path == "/proc/self/" + $0 }
    }

    /// `resource0`, `resource2_wc`: windows to a PCI device.
    private static func isResource(_ name: String) -> Bool {
        name.hasPrefix("resource") && name.dropFirst(8).first.map { ("0"..."9").contains($0) } == true
    }
}

/// Files of one process. They differ between any two processes; compared with nothing, searched for identifiers.
enum Process {
    /// `net` of a process is a network namespace, not the process.
    static func isOwn(_ path: String) -> Bool { path.hasPrefix("/proc/self/") && !path.hasPrefix("/proc/self/net/") }
}
