import ArgumentParser
import Control
import Glibc
import Linux
import Metrics
import SystemPackage

enum MetricsFormat: String, ExpressibleByArgument, CaseIterable {
    case text, json, prometheus
}

struct ShowMetrics: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "metrics",
        abstract: "Show what the node daemon has answered, and how fast.",
        discussion: "By vNode and file: requests, those rendered anew, errors, and bounds of the median and of 99 in 100 service times.")

    @Option(help: "Where the daemon listens. Default: the configuration's socket.")
    var socket: String?

    @Option(help: "text, json or prometheus.")
    var format = MetricsFormat.text

    func run() throws {
        let socket = try controlSocket(self.socket)
        let report: Report
        do {
            report = try Report(reading: try ask(socket))
        } catch {
            throw fail("\(socket): \(error)")
        }
        let text =
            switch format {
            case .text: report.text()
            case .json: String(decoding: try report.json(), as: UTF8.self)
            case .prometheus: String(decoding: report.prometheus(), as: UTF8.self)
            }
        print(text, terminator: "")
    }

    private func ask(_ socket: String) throws -> OwnedFD {
        let channel: Channel
        do { channel = try Channel.connect(to: socket) } catch {
            let isMissing = error == .noSuchFileOrDirectory || error == .connectionRefused
            throw ControlError(error, isMissing ? "no vnode-fs listens there: start it with vnode-fs serve" : "\(error)")
        }
        var received = try channel.ask(.metrics).1
        guard !received.isEmpty else { throw ControlError(.invalidArgument, "vnode-fs answered without a report") }
        let report = OwnedFD(taking: received.removeFirst())
        for descriptor in received { close(descriptor) }
        return report
    }
}
