import ArgumentParser
import Control
import Glibc
import NodeConfiguration
import Sandbox

@main
struct VNode: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vnode", abstract: "Run commands in vNodes: sandboxes with a /proc and /sys of their own.",
        discussion: "Exit status: that of the command; 125 when vnode itself failed, 126 when the command cannot be executed, "
            + "127 when it is not found, 64 for wrong usage.",
        version: releaseVersion,
        subcommands: [Run.self, Exec.self, List.self, Inspect.self, Logs.self, Top.self, Stop.self, Install.self, Uninstall.self])

    static func main() {
        // A descriptor 0, 1 or 2 that is closed would be given to the next file opened.
        while true {
            let descriptor = unsafe open("/dev/null", O_RDWR)
            if descriptor < 0 || descriptor > 2 {
                _ = close(descriptor)
                break
            }
        }
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch let failure as Failure {
            Say.error("vnode: \(failure)")
            Glibc.exit(failure.status)
        } catch let error as ConfigurationError {
            Say.error("vnode: \(error)")
            Glibc.exit(Failure.ownStatus)
        } catch {
            exit(withError: error)
        }
    }
}

/// Where the launcher keeps its state.
struct Place: ParsableArguments {
    @Option(name: .customLong("state-dir"), help: "Directory of the launcher's state (VNODE_STATE). Default: the configuration's.")
    var state: String?

    var path: String {
        get throws { try NodeConfiguration.stateDirectory(given: state ?? environment("VNODE_STATE")) }
    }
}

enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, json
}

func environment(_ name: String) -> String? {
    guard let value = unsafe getenv(name).map({ unsafe String(cString: $0) }), !value.isEmpty else { return nil }
    return value
}
