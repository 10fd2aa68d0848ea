import ArgumentParser
import Audit
import Control
import FoundationEssentials
import Glibc
import Linux
import NodeConfiguration
import SystemPackage

enum AuditFormat: String, ExpressibleByArgument, CaseIterable {
    case text, json
}

enum NamedReport: String, ExpressibleByArgument, CaseIterable {
    case containerleaks
}

struct RunAudit: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Find what a container's /proc and /sys tell of the node.",
        discussion: """
            Reads every file a process of the container can read, there and on the node, twice and more, and reports: the same content, \
            numbers that move together, identifiers of the node, files whose writing reaches the node, and entries the table does not \
            know. Any container will do: a vNode, runc, docker, lxcfs. Writes nothing. Runs as root on the node.

            Ends with 0 when only documented exceptions were found, with 1 when there is more, with 3 when it could not be done.
            """)

    @Option(help: "A process of the container, by its pid here.")
    var pid: Int32?

    @Option(help: "A vNode: its outer container, as vnode-init sees it.")
    var vnode: String?

    @Option(help: ArgumentHelp("Compare with this vNode instead of the node: what tells that both are here.", valueName: "vnode"))
    var against: String?

    @Option(name: .customLong("against-pid"), help: "Compare with the container of this process instead of the node.")
    var againstPID: Int32?

    @Option(help: "text or json.")
    var format = AuditFormat.text

    @Option(help: "containerleaks: a line for each channel of that paper.")
    var report: NamedReport?

    @Option(help: "The launcher's state directory. Default: the configuration's.")
    var state: String?

    @Option(help: "Control socket of the daemon. Default: the configuration's.")
    var socket: String?

    func validate() throws {
        guard (pid == nil) != (vnode == nil) else { throw ValidationError("name a container, with --pid PID or with --vnode NAME") }
        guard against == nil || againstPID == nil else { throw ValidationError("--against or --against-pid, not both") }
        for pid in [pid, againstPID] { if let pid, pid < 1 { throw ValidationError("\(pid) is no pid") } }
    }

    func run() throws {
        guard geteuid() == 0 else { throw unable("must run as root: it enters the container's namespaces") }
        let subject = try container(pid, vnode)
        let other = againstPID == nil && against == nil ? nil : try container(againstPID, against)
        let isTerminal = isatty(STDERR_FILENO) == 1
        let report: AuditReport
        do {
            let options = AuditRun.Options(pid: subject.pid, name: subject.name, against: other, hasContainerLeaks: self.report != nil)
            report = try AuditRun(options) { note in
                let line = Array((isTerminal ? "\r\u{1b}[K\(note)" : "vnode-fs: \(note)\n").utf8)
                _ = unsafe write(STDERR_FILENO, line, line.count)
            }.report()
        } catch {
            throw unable("audit: \(error)")
        }
        if isTerminal { _ = unsafe write(STDERR_FILENO, "\r\u{1b}[K", 4) }
        switch format {
        case .text: print(report.text(), terminator: "")
        case .json: print(try report.json())
        }
        if !report.result.findings.isEmpty { throw ExitCode(1) }
        if !report.result.gaps.isEmpty { throw unable("audit: something was not looked at, see above") }
    }

    private func unable(_ message: String) -> ExitCode {
        _ = fail(message)
        return ExitCode(3)
    }

    private func container(_ pid: Int32?, _ name: String?) throws -> (pid: Int32, name: String) {
        if let pid { return (pid, "pid \(pid)") }
        let places: (state: String, socket: String)
        do {
            places = (try NodeConfiguration.stateDirectory(given: state), try NodeConfiguration.socket(given: socket))
        } catch { throw unable("\(error)") }
        guard let name, let pid = recorded(name, places.state) ?? served(name, places.socket) else {
            throw unable("no vNode named \"\(name ?? "")\" is up")
        }
        return (pid, "vNode \(name)")
    }

    private struct Recorded: Decodable {
        struct First: Decodable {
            let pid: Int32
            let startTime: UInt64
        }
        let initProcess: First?
    }

    /// As the launcher wrote it down.
    private func recorded(_ name: String, _ state: String) -> Int32? {
        guard !name.isEmpty, !name.contains("/"), !name.hasPrefix("."), let bytes = try? Files.read("\(state)/vnodes/\(name)/state.json"),
            let first = try? JSONDecoder().decode(Recorded.self, from: Data(bytes)).initProcess
        else { return nil }
        return Processes.startTime(of: first.pid) == first.startTime ? first.pid : nil
    }

    /// As the daemon knows it.
    private func served(_ name: String, _ socket: String) -> Int32? {
        guard let channel = try? Channel.connect(to: socket), (try? channel.start(.list)) != nil else { return nil }
        while case .vnode(let record, _)? = try? channel.answer().0 { if record.name == name { return record.initPID } }
        return nil
    }
}
