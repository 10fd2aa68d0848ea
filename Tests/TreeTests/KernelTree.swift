import Foundation
import Testing
import Tree

/// What one kernel has in `/proc` and `/sys`, without contents: `fixtures/tree-*`, listed by `Tests/VM/capture-tree` in namespaces
/// like a vNode's. A line is `KIND MODE OWNER PATH[ -> TARGET]`, where `*` stands for numbers and for names of one machine.
struct KernelTree: CustomTestStringConvertible {
    struct Entry {
        /// `f`, `d` or `l`.
        let kind: Character
        let mode: UInt16
        let path: String
    }

    let kernel: String
    let proc: [Entry]
    let sys: [Entry]
    /// The entries of each directory of `/proc`.
    private let directories: [String: [RealEntry]]

    static let all: [KernelTree] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: fixtures.path)) ?? []
        return names.filter { $0.hasPrefix("tree-") }.map { KernelTree(String($0.dropFirst("tree-".count))) }
            .sorted { $0.kernel.compare($1.kernel, options: .numeric) == .orderedAscending }
    }()

    private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("fixtures")

    init(_ kernel: String) {
        self.kernel = kernel
        let directory = KernelTree.fixtures.appendingPathComponent("tree-\(kernel)")
        proc = KernelTree.entries(directory.appendingPathComponent("proc"))
        sys = KernelTree.entries(directory.appendingPathComponent("sys"))
        var directories: [String: [RealEntry]] = [:]
        for entry in proc {
            guard let slash = entry.path.lastIndex(of: "/") else { continue }
            directories[String(entry.path[..<slash]), default: []].append(
                RealEntry(
                    name: String(entry.path[entry.path.index(after: slash)...]), isDirectory: entry.kind == "d",
                    isSymlink: entry.kind == "l"))
        }
        self.directories = directories
    }

    private static func entries(_ file: URL) -> [Entry] {
        let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ", maxSplits: 3)
            guard words.count == 4, let kind = words[0].first, let mode = UInt16(words[1], radix: 8) else { return nil }
            return Entry(kind: kind, mode: mode, path: String(words[3].split(separator: " ").first ?? ""))
        }
    }

    var testDescription: String { kernel }

    func list(_ directory: String) -> [RealEntry] { directories[directory] ?? [] }
}

/// Whether `path` is `top` or below it.
func isAt(_ path: String, orBelow top: String) -> Bool { path == top || path.hasPrefix(top + "/") }
