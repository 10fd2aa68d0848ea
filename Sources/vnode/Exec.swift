import ArgumentParser
import Glibc
import Sandbox

struct Exec: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run one more command in a vNode.", usage: "vnode exec [<options>] <name> -- <command> [<argument> ...]")

    @Argument(help: "Name of the vNode.")
    var name: String

    @OptionGroup var flags: CommandFlags

    @OptionGroup var place: Place

    @Argument(parsing: .postTerminator, help: "What to run, after --.")
    var command: [String] = []

    func validate() throws {
        guard !command.isEmpty else { throw ValidationError("Nothing to run: vnode exec <name> -- <command> [<argument> ...]") }
        _ = try flags.options(command)
    }

    func run() throws {
        let options = try flags.options(command)
        if options.detach {
            print(try Entry.detach(name, command: options, stateDirectory: place.path))
        } else {
            Glibc.exit(try Entry.run(name, command: options, stateDirectory: place.path))
        }
    }
}
