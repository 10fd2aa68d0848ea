import Glibc
import Linux
import SystemPackage

/// One line of the table.
struct Row: Sendable {
    let family: String
    let name: String
    let finding: Finding
    /// What kept it, as far as it was kept.
    let mechanism: Mechanism?
    let isExpected: Bool

    init(_ family: String, _ name: String, _ finding: Finding, _ mechanism: Mechanism? = nil, isExpected: Bool? = nil) {
        self.family = family
        self.name = name
        self.finding = finding
        self.mechanism = mechanism
        self.isExpected = isExpected ?? !finding.isFault
    }

    /// Of an attack of the list.
    init(_ attack: Attack, _ finding: Finding, isFiltered: Bool) {
        var mechanism: Mechanism?
        switch finding {
        case .refused(_, let error):
            // No such call on this architecture, or in this kernel.
            mechanism = isFiltered ? attack.filtered ?? attack.mechanism : attack.mechanism == .filter ? .lock : attack.mechanism
            if error == ENOSYS, !isFiltered { mechanism = nil }
        case .contained: mechanism = isFiltered ? attack.filtered ?? attack.mechanism : attack.mechanism == .filter ? nil : attack.mechanism
        case .breached, .unavailable, .unanswered: mechanism = nil
        }
        self.init(attack.family, attack.name, finding, mechanism, isExpected: attack.isExpected(finding, isFiltered: isFiltered))
    }

    /// How a person reads it.
    var summary: String {
        let by = mechanism.map { ", \($0.rawValue)" } ?? ""
        switch finding {
        case .refused(let call, _): return "refused (\(finding.error ?? "") by \(call)\(by))"
        case .contained(let text): return "contained (\(text)\(by))"
        case .breached(let text): return "BREACH (\(text))"
        case .unavailable(let text): return "not tried (\(text))"
        case .unanswered(let text): return "NO ANSWER (\(text))"
        }
    }
}

/// Prints rows as they come and counts.
struct Report {
    enum Format: String, CaseIterable, Sendable {
        /// TAP-like lines for people and CI; with tab-separated rows for `table`; JSON, a line an attack.
        case tap, rows, json
    }

    let format: Format
    /// What the rows are of: `vNode`, `runc`.
    let subject: String
    private(set) var passed = 0
    private(set) var failed = 0
    private(set) var untried = 0

    init(format: Format, subject: String) {
        self.format = format
        self.subject = subject
    }

    /// `judged`: of a baseline nothing is expected.
    mutating func add(_ row: Row, judged: Bool = true) {
        let isFine = row.isExpected || !judged
        if case .unavailable = row.finding { untried += 1 }
        if isFine { passed += 1 } else { failed += 1 }
        switch format {
        case .tap, .rows:
            print("\(isFine ? "ok" : "not ok") - \(row.family): \(row.name): \(row.summary)")
            if format == .rows {
                print(
                    "row\t\(subject)\t\(row.family)\t\(row.name)\t\(row.finding.word)\t\(row.finding.error ?? "")\t\(row.mechanism?.rawValue ?? "")"
                )
            }
        case .json:
            let fields = [
                ("subject", subject), ("family", row.family), ("attack", row.name), ("result", row.finding.word),
                ("errno", row.finding.error ?? ""), ("by", row.mechanism?.rawValue ?? ""), ("detail", row.finding.detail),
                ("expected", isFine ? "yes" : "no"),
            ]
            print("{" + fields.map { "\"\($0.0)\":\"\(Report.escape($0.1))\"" }.joined(separator: ",") + "}")
        }
        // Into a pipe as well: who waits sees where it is.
        fflush(nil)
    }

    private static func escape(_ text: String) -> String {
        text.unicodeScalars.map { scalar in
            switch scalar {
            case "\"": "\\\""
            case "\\": "\\\\"
            case _ where scalar.value < 32: "?"
            default: String(scalar)
            }
        }.joined()
    }
}
