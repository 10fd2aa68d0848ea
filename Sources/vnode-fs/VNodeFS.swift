import ArgumentParser
import Control
import Glibc

@main
struct VNodeFS: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vnode-fs",
        abstract: "Serve emulated /proc and /sys trees, one for each container of a vNode.",
        version: releaseVersion,
        subcommands: [Serve.self, Upgrade.self, Mount.self, Paths.self, ShowMetrics.self, Work.self])
}

/// Says what went wrong and ends with status 1.
func fail(_ message: String) -> ExitCode {
    let line = Array("vnode-fs: \(message)\n".utf8)
    _ = unsafe write(STDERR_FILENO, line, line.count)
    return ExitCode(1)
}
