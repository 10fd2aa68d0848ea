import ArgumentParser
import FoundationEssentials
import Tree

enum PathsFormat: String, ExpressibleByArgument, CaseIterable {
    case text, json, markdown
}

struct Paths: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print the table: what is decided about every path.",
        discussion:
            "A * stands for a number (of a CPU, a NUMA node...) or a disk's name. What no row names is covered (default deny). markdown is docs/reference/paths.md."
    )

    @Option(help: "text, json or markdown.")
    var format = PathsFormat.text

    private struct Line: Encodable {
        let path: String
        let kind: String
        let policy: String
        let mode: String
        let freshness: String
        let source: String
        let reason: String?

        init(_ row: Row) {
            path = row.path
            kind = row.kind.rawValue
            policy = row.policy.rawValue
            mode = Reference.mode(of: row)
            freshness = Reference.freshness(of: row)
            source = row.source
            reason = row.reason.isEmpty ? nil : row.reason
        }

        var columns: [String] { [path, kind, policy, mode, freshness, source] }
    }

    func run() throws {
        let lines = Table.rows.map(Line.init)
        switch format {
        case .json:
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            print(String(decoding: try encoder.encode(lines), as: UTF8.self))
        case .markdown: print(Reference.markdown(), terminator: "")
        case .text:
            let header = ["PATH", "KIND", "POLICY", "MODE", "FRESHNESS", "SOURCE"]
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
