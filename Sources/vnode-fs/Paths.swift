import ArgumentParser
import FoundationEssentials
import Tree

enum PathsFormat: String, ExpressibleByArgument, CaseIterable {
    case text, json, markdown
}

struct Paths: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print the table: what is decided about every path.",
        discussion: "A * stands for a number (of a CPU, a NUMA node...) or a disk's name. What no row names is covered (default deny).")

    @Option(help: "text, json or markdown.")
    var format = PathsFormat.text

    private struct Line: Encodable {
        let path: String
        let kind: String
        let policy: String
        let freshness: String
        let source: String

        init(_ row: Row) {
            path = row.path
            kind = row.kind.rawValue
            policy = row.policy.rawValue
            freshness =
                switch (row.policy, row.freshness) {
                case (.namespaced, _), (.pass, _), (.deny, _): "-"
                case (_, .onEvent): "on event"
                case (_, .within(let milliseconds)): "\(milliseconds) ms"
                case (_, .everyOpen): "every open"
                }
            source = row.source
        }

        var columns: [String] { [path, kind, policy, freshness, source] }
    }

    func run() throws {
        let lines = Table.rows.map(Line.init)
        switch format {
        case .json:
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            print(String(decoding: try encoder.encode(lines), as: UTF8.self))
        case .markdown:
            print("| path | kind | policy | freshness | source |\n|---|---|---|---|---|")
            for line in lines { print("| `\(line.path)` | \(line.columns.dropFirst().joined(separator: " | ")) |") }
        case .text:
            let header = ["PATH", "KIND", "POLICY", "FRESHNESS", "SOURCE"]
            let table = [header] + lines.map(\.columns)
            let widths = header.indices.map { column in table.map { $0[column].count }.max() ?? 0 }
            for row in table {
                let cells = row.indices.map {
                    $0 == row.count - 1 ? row[$0] : row[$0] + String(repeating: " ", count: widths[$0] - row[$0].count)
                }
                print(cells.joined(separator: "  "))
            }
        }
    }
}
