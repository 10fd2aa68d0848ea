import Audit
import Foundation
import SystemPackage

/// A tree in memory, with one state a round.
final class MemoryTree: TreeSource {
    var round = 0
    private var files: [String: [String]] = [:]
    private var entries: [String: Entry] = [:]
    private var children: [String: [String]] = [:]
    private(set) var readPaths: [String] = []

    /// The last state stays.
    func add(_ path: String, _ states: String..., answerer: Answerer? = nil, mode: UInt16 = 0o444, isWritable: Bool = false) {
        files[path] = states
        put(path, .file, answerer, mode, isWritable)
    }

    func link(_ path: String, to target: String) {
        put(path, .symlink, nil, 0o777, false)
        entries[path]?.target = target
    }

    func put(_ path: String, _ kind: EntryKind, _ answerer: Answerer? = nil, _ mode: UInt16 = 0o555, _ isWritable: Bool = false) {
        let parts = path.split(separator: "/")
        var directory = ""
        for (depth, part) in parts.enumerated() {
            let child = directory + "/" + part
            if depth == parts.count - 1 || entries[child] == nil {
                let isLast = depth == parts.count - 1
                entries[child] = Entry(
                    name: String(part), kind: isLast ? kind : .directory, answerer: answerer ?? (parts[0] == "proc" ? .proc : .sysfs),
                    mode: isLast ? mode : 0o555, isWritable: isLast && isWritable)
                if children[directory]?.contains(child) != true { children[directory, default: []].append(child) }
            }
            directory = child
        }
    }

    /// Everything below a directory of `fixtures/audit`, with its states in `1`, `2`...
    convenience init(fixture directory: URL) throws {
        self.init()
        let states = try FileManager.default.contentsOfDirectory(atPath: directory.path).filter { Int($0) != nil }.sorted()
        let first = directory.appendingPathComponent(states.first ?? "1")
        for path in try FileManager.default.subpathsOfDirectory(atPath: first.path).sorted() {
            let url = first.appendingPathComponent(path)
            let values = try url.resourceValues(forKeys: [.isDirectoryKey])
            if values.isDirectory == true { continue }
            files["/" + path] = try states.map {
                try String(contentsOf: directory.appendingPathComponent($0).appendingPathComponent(path), encoding: .utf8)
            }
            put("/" + path, .file)
        }
        let writable = (try? String(contentsOf: directory.appendingPathComponent("writable"), encoding: .utf8)) ?? ""
        for path in writable.split(separator: "\n") { entries[String(path)]?.isWritable = true }
    }

    func list(_ path: String) -> Listing {
        guard let names = children[path] else { return .failed(.noSuchFileOrDirectory) }
        return .entries(names.compactMap { entries[$0] }, isCut: false)
    }

    func read(_ path: String) -> Content {
        readPaths.append(path)
        guard let states = files[path], !states.isEmpty else { return .failed(.noSuchFileOrDirectory) }
        let text = states[min(round, states.count - 1)]
        return text == "EACCES" ? .failed(.permissionDenied) : .bytes(Array(text.utf8))
    }

    func canOpen(_ path: String) -> Bool { files[path] != nil }
}

/// An audit of trees in memory.
struct Case {
    let inside = MemoryTree()
    let node = MemoryTree()

    /// The same on both sides.
    func both(_ path: String, _ text: String) {
        inside.add(path, text)
        node.add(path, text)
    }

    func result(_ subject: Subject = Subject(), _ identifiers: [Identifier] = [], isOnNode: ((String, [UInt8]) -> Bool)? = nil)
        -> AuditResult
    {
        examine(inside, node, subject, identifiers, isOnNode: isOnNode).result
    }
}

func examine(
    _ inside: MemoryTree, _ node: MemoryTree, _ subject: Subject, _ identifiers: [Identifier],
    isOnNode: ((String, [UInt8]) -> Bool)? = nil
) -> (walk: Walk, samples: Samples, result: AuditResult) {
    let walk = Walk(inside)
    var time = 0.0
    let samples = Samples(
        of: walk, inside: inside, node: node, now: { time },
        pause: { seconds in
            inside.round += 1
            node.round += 1
            time += seconds
        })
    return (walk, samples, Examination(walk, samples, subject, identifiers, isOnNode: isOnNode).result())
}
