import FoundationEssentials

extension Report {
    /// For people: the daemon, the files over all vNodes (`*`), the files of each vNode. Percentiles are upper bounds.
    public func text() -> String {
        let day = Date(timeIntervalSince1970: Double(min(max(0, daemon.started), 253_402_300_799)))
        let restarts = daemon.restarts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
        let about = [
            ["version", daemon.version], ["started", day.formatted(.iso8601)],
            ["worker", "\(daemon.workerGeneration)"],
            ["restarts", restarts.isEmpty ? "none" : restarts.joined(separator: ", ")],
            ["replays", "\(daemon.replays)"], ["poisoned requests", "\(daemon.poisonedRequests)"],
            ["connections", "\(daemon.connections), \(daemon.connectionsAborted) aborted"],
            ["vnodes", "\(daemon.vnodes)"], ["views", "\(daemon.views)"],
        ]
        let all = [VNode(name: "*", files: files)] + vnodes
        let lines = all.flatMap { vnode in vnode.files.map { Report.row(vnode.name, $0) } }
        let header = ["VNODE", "PATH", "REQUESTS", "REFILLS", "ERRORS", "P50", "P99"]
        return Report.table(about) + (lines.isEmpty ? "" : "\n" + Report.table([header] + lines, right: 2))
    }

    private static func row(_ vnode: String, _ file: File) -> [String] {
        let counters = file.counters
        return [
            vnode, file.path, "\(counters.requests)", "\(counters.refills)", "\(counters.errors)",
            time(counters.histogram, 0.5), time(counters.histogram, 0.99),
        ]
    }

    private static func time(_ times: Histogram<UInt64>, _ share: Double) -> String {
        if let bound = times.quantileMicroseconds(share) { return "\(bound) us" }
        return times.count == 0 ? "-" : "> 8.4 s"
    }

    /// Columns aligned, those from `right` on to the right. What could move a terminal's cursor becomes a question mark.
    private static func table(_ rows: [[String]], right: Int = .max) -> String {
        let clean = rows.map { row in
            row.map { String(String.UnicodeScalarView($0.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : $0 })) }
        }
        var widths: [Int] = []
        for row in clean {
            for (column, cell) in row.enumerated() {
                if column == widths.count { widths.append(0) }
                widths[column] = max(widths[column], cell.count)
            }
        }
        var text = ""
        for row in clean {
            for (column, cell) in row.enumerated() {
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                let isLast = column == row.count - 1
                text += column >= right ? padding + cell : cell + (isLast ? "" : padding)
                text += isLast ? "\n" : "  "
            }
        }
        return text
    }
}
