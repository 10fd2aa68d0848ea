import Foundation
import Testing

@testable import Seccomp

/// The page people read is the table that is loaded.
@Suite struct ReferenceTests {
    private var page: URL {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        return root.appendingPathComponent("docs/reference/syscalls.md")
    }

    /// `make docs` brings it up to date; so does this test with VNODE_RECORD=1.
    @Test func thePageInGitIsThatOfTheTable() throws {
        let wanted = Reference.markdown()
        if ProcessInfo.processInfo.environment["VNODE_RECORD"] != nil { try Data(wanted.utf8).write(to: page) }
        #expect(try String(contentsOf: page, encoding: .utf8) == wanted, "stale, run make docs")
    }

    @Test func everyRuleHasAnAnswerAndAReason() {
        for rule in Rules.all {
            #expect(!rule.reason.isEmpty && !rule.uses.isEmpty)
            #expect(["EPERM", "ENOSYS", "answered"].contains(Reference.answer(of: rule)), "\(rule.call)")
        }
    }
}
