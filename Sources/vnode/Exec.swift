import ArgumentParser
import Glibc
import Sandbox

struct Exec: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run one more command in a vNode.", usage: "vnode exec [-t] <name> -- <command> [<argument> ...]")

    @Argument(help: "Name of the vNode.")
    var name: String

    @Flag(name: [.short, .customLong("tty")], help: "Give the command a terminal.")
    var terminal = false

    @OptionGroup var place: Place

    @Argument(parsing: .postTerminator, help: "What to run, after --.")
    var command: [String] = []

    func validate() throws {
        guard !command.isEmpty else { throw ValidationError("Nothing to run: vnode exec <name> -- <command> [<argument> ...]") }
    }

    func run() throws {
        Glibc.exit(try Entry.run(name, command: command, terminal: terminal, stateDirectory: place.path))
    }
}
