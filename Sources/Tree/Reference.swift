/// `docs/reference/paths.md`: the table for readers, one line a row.
public enum Reference {
    /// Depends on the rows alone: a test compares the page in git with it.
    public static func markdown(_ rows: [Row] = Table.rows) -> String {
        let sysctls = rows.filter { $0.path.hasPrefix("/proc/sys/") }
        let proc = rows.filter { $0.path.hasPrefix("/proc/") && !$0.path.hasPrefix("/proc/sys/") }
        let sys = rows.filter { !$0.path.hasPrefix("/proc/") }
        return introduction(rows) + section("/proc", proc) + section("/proc/sys", sysctls) + section("/sys", sys)
    }

    /// What is said of freshness: `-` where the kernel answers, or nobody does.
    public static func freshness(of row: Row) -> String {
        switch row.policy {
        case .namespaced, .pass, .deny: "-"
        case .emulate, .constant, .empty: "\(row.freshness)"
        }
    }

    /// `0444`
    public static func mode(of row: Row) -> String {
        let digits = String(row.mode, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    private static func introduction(_ rows: [Row]) -> String {
        var text = """
            # Paths

            What is decided about every path of `/proc` and `/sys`. Generated from the table in `Sources/Tree` by `make docs`; do not edit.

            A `*` stands for a number: of a CPU, for one. A path that ends in `/` is a directory. What no row names is covered
            (default deny), and so is everything a later kernel adds.

            | policy | rows | what a reader gets |
            |---|---|---|

            """
        for policy in Policy.allCases {
            text += "| \(policy.rawValue) | \(rows.count { $0.policy == policy }) | \(meaning(of: policy)) |\n"
        }
        return text + """

            Freshness: *static* changes only on an event and is cached by the kernel until then; *snapshot* is one moment, at most so many
            milliseconds old; *direct* is computed at every open. Source: the file of the kernel that is imitated, or that answers.

            """
    }

    private static func meaning(of policy: Policy) -> String {
        switch policy {
        case .emulate: "an answer computed for the vNode"
        case .namespaced: "the kernel's own answer, which is about the reader's namespaces"
        case .constant: "the same answer on every node"
        case .empty: "nothing: a file without content, a directory without entries"
        case .deny: "EACCES, or ENOENT in the debug mount"
        case .pass: "the node's own content: a documented exception"
        }
    }

    private static func section(_ title: String, _ rows: [Row]) -> String {
        guard !rows.isEmpty else { return "" }
        var text = "\n## \(title)\n\n| path | policy | mode | freshness | source | reason |\n|---|---|---|---|---|---|\n"
        for row in rows {
            let path = row.path + (row.kind == .directory ? "/" : "")
            let cells = ["`\(path)`", row.policy.rawValue, mode(of: row), freshness(of: row), "`\(row.source)`", row.reason]
            text += "| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |\n"
        }
        return text
    }
}
