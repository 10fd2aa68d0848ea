import ArgumentParser
import FoundationEssentials
import NodeConfiguration
import Preflight

struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tell whether vNodes for containerd run on this node.",
        discussion: """
            Looks at the kernel, cgroups, containerd and its configuration, and tries what no file tells. One line a requirement; those that are \
            not met say what to do. Runs as root on the node. Changes nothing.

            Ends with 0 when every requirement is met, with 1 otherwise.
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, json
    }

    @Option(help: "text or json.")
    var format = Format.text

    private struct Report: Encodable {
        var ok: Bool
        var checks: [Finding]
    }

    func run() throws {
        let findings = Judgement.findings(Facts.collect(try NodeConfiguration.load(environment: [:])))
        let ok = findings.allSatisfy(\.ok)
        switch format {
        case .json:
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            print(String(decoding: try encoder.encode(Report(ok: ok, checks: findings)), as: UTF8.self))
        case .text:
            let width = findings.map(\.name.count).max() ?? 0
            for finding in findings {
                let name = finding.name + String(repeating: " ", count: width - finding.name.count)
                if let remedy = finding.remedy {
                    print("not ok  \(name)  \(finding.found)\n        needed: \(finding.needed); \(remedy)")
                } else {
                    print("ok      \(name)  \(finding.found) (needed: \(finding.needed))")
                }
            }
        }
        if !ok { throw ExitCode(1) }
    }
}
