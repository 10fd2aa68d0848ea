import Glibc
import Linux

/// Processes of this machine, as its `/proc` shows them.
enum ProcessTable {
    struct Entry: Sendable {
        let pid: Int32
        let parent: Int32
        let name: String
        let isZombie: Bool
    }

    static func entry(_ pid: Int32) -> Entry? {
        guard let text = try? Files.text("/proc/\(pid)/stat"), let open = text.firstIndex(of: "("), let close = text.lastIndex(of: ")")
        else { return nil }
        let fields = text[text.index(after: close)...].split(separator: " ")
        guard fields.count > 2, let parent = Int32(fields[1]) else { return nil }
        return Entry(pid: pid, parent: parent, name: String(text[text.index(after: open)..<close]), isZombie: fields[0] == "Z")
    }

    static func isRunning(_ pid: Int32) -> Bool { entry(pid).map { !$0.isZombie } ?? false }

    /// Everything this program has started, directly or not: whoever loses its parent becomes a child of the reaper.
    static var descendants: [Entry] {
        let all = Files.names("/proc").compactMap { Int32($0) }.compactMap(entry)
        var known: Set<Int32> = [getppid(), getpid()]
        var found: [Entry] = []
        var grew = true
        while grew {
            grew = false
            for process in all where known.contains(process.parent) && !known.contains(process.pid) {
                known.insert(process.pid)
                found.append(process)
                grew = true
            }
        }
        return found
    }

    static func children(of pid: Int32) -> [Entry] { descendants.filter { $0.parent == pid } }

    static func descriptors(of pid: Int32) -> [String] {
        Files.names("/proc/\(pid)/fd").compactMap { Files.link("/proc/\(pid)/fd/\($0)") }
    }
}
