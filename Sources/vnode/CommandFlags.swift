import ArgumentParser
import Sandbox

/// How the command of `vnode run` and `vnode exec` is run.
struct CommandFlags: ParsableArguments {
    @Flag(name: [.short, .customLong("tty")], help: "Give the command a terminal.")
    var terminal = false

    @Option(
        name: [.short, .long],
        help: ArgumentHelp("A variable of its environment; with the name alone, as it is here. Can be repeated.", valueName: "name=value"))
    var env: [String] = []

    @Option(help: "Directory it starts in. Default: /.")
    var cwd: String?

    @Option(
        name: [.short, .long], help: ArgumentHelp("Who it runs as, by the container's /etc/passwd or numbers.", valueName: "user[:group]"))
    var user: String?

    @Flag(name: [.short, .long], help: "Go on in the background and print the name: see vnode logs.")
    var detach = false

    func options(_ command: [String]) throws -> CommandOptions {
        if detach && terminal { throw ValidationError("--detach and --tty exclude each other") }
        let variables = try env.compactMap { text -> String? in
            if CommandOptions.isVariable(text) { return text }
            guard !text.isEmpty, !text.contains("=") else {
                throw ValidationError("The value '\(text)' is invalid for '--env <name=value>': no name before the =")
            }
            return environment(text).map { "\(text)=\($0)" }
        }
        if let cwd, !CommandOptions.isDirectory(cwd) {
            throw ValidationError("The value '\(cwd)' is invalid for '--cwd <cwd>': an absolute path without . and ..")
        }
        return CommandOptions(command, terminal: terminal, environment: variables, directory: cwd, user: user, detach: detach)
    }
}
