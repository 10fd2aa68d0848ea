import Foundation
import Testing

@testable import Tree

/// The page people read is the table the daemon serves.
@Suite struct ReferenceTests {
    private var page: URL {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        return root.appendingPathComponent("docs/reference/paths.md")
    }

    /// `make docs` brings it up to date; so does this test with VNODE_RECORD=1.
    @Test func thePageInGitIsThatOfTheTable() throws {
        let wanted = Reference.markdown()
        if ProcessInfo.processInfo.environment["VNODE_RECORD"] != nil { try Data(wanted.utf8).write(to: page) }
        let found = try String(contentsOf: page, encoding: .utf8)
        let stale = zip(found.split(separator: "\n"), wanted.split(separator: "\n")).first { $0 != $1 }
        #expect(found == wanted, "stale, run make docs; first difference: \(stale.map { "\($0.0) -> \($0.1)" } ?? "its length")")
    }

    @Test func everyRowIsOnIt() {
        let lines = Reference.markdown().split(separator: "\n")
        for row in Table.rows {
            let path = row.path + (row.kind == .directory ? "/" : "")
            #expect(lines.count { $0.hasPrefix("| `\(path)` | \(row.policy.rawValue) |") } == 1, "\(row.path)")
        }
    }

    @Test func cellsCannotBreakTheTable() {
        let page = Reference.markdown([.pass("/proc/odd", source: "a|b", reason: "c | d")])
        #expect(page.contains("| `/proc/odd` | pass | 0444 | - | `a\\|b` | c \\| d |\n"))
    }
}
