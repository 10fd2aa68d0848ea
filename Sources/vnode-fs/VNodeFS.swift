import ArgumentParser
import Control
import Glibc
import NodeConfiguration
import Sandbox

@main
struct VNodeFS: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vnode-fs",
        abstract: "Serve emulated /proc and /sys trees, one for each container of a vNode.",
        version: releaseVersion,
        subcommands: [
            Serve.self, Upgrade.self, Mount.self, Paths.self, RunAudit.self, Check.self, ShowMetrics.self, SystemCalls.self, Work.self,
        ])

    /// `audit` answers 1 for findings, so that wrong usage, for which other commands end with 64, is 2 there.
    static func main() {
        // Somebody waits for it in a system call: nothing is parsed.
        if CommandLine.arguments.dropFirst().first == "mounter" { Glibc.exit(Mounter.run()) }
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch {
            guard CommandLine.arguments.dropFirst().first == "audit", exitCode(for: error) == .validationFailure else {
                exit(withError: error)
            }
            let message = Array((fullMessage(for: error) + "\n").utf8)
            _ = unsafe write(STDERR_FILENO, message, message.count)
            Glibc.exit(2)
        }
    }
}

/// Where the daemon listens: as a command was told, or as the node's configuration says.
func controlSocket(_ given: String?) throws -> String {
    do { return try NodeConfiguration.socket(given: given) } catch { throw fail("\(error)") }
}

/// Says what went wrong and ends with status 1.
func fail(_ message: String) -> ExitCode {
    let line = Array("vnode-fs: \(message)\n".utf8)
    _ = unsafe write(STDERR_FILENO, line, line.count)
    return ExitCode(1)
}
