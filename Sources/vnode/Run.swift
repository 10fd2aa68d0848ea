import ArgumentParser
import Glibc
import Sandbox

struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a vNode, run a command in it, take it down.", usage: "vnode run [<options>] -- <command> [<argument> ...]")

    @Option(help: ArgumentHelp("Name of the vNode.", discussion: "\(Name.forms). Default: a random one."), transform: Run.name)
    var name: String?

    @Option(help: "Directory to use as root filesystem, never written. Default: a read-only view of this machine's programs.")
    var rootfs: String?

    @Option(help: ArgumentHelp("Memory limit: \(ByteSize.forms).", valueName: "size"), transform: Run.size)
    var memory: ByteSize?

    @Option(help: ArgumentHelp("Swap limit: \(ByteSize.forms).", valueName: "size"), transform: Run.size)
    var swap: ByteSize?

    @Option(help: ArgumentHelp("CPU time: \(CPUShare.forms).", valueName: "n"), transform: Run.share)
    var cpus: CPUShare?

    @Option(help: ArgumentHelp("CPUs to run on, as in 0-3,8.", valueName: "list"))
    var cpuset: String?

    @Option(help: ArgumentHelp("Limit of processes and threads.", valueName: "n"))
    var pids: Int?

    @Option(help: "Hostname inside. Default: the name.")
    var hostname: String?

    @Flag(help: "Leave the vNode up after the command: see vnode exec, vnode stop.")
    var keep = false

    @Flag(name: [.short, .customLong("tty")], help: "Give the command a terminal.")
    var terminal = false

    @Option(help: "Control socket of vnode-fs (VNODE_SOCKET). Default: the node's daemon, or a private one.")
    var socket: String?

    @OptionGroup var place: Place

    @Argument(parsing: .postTerminator, help: "What to run, after --.")
    var command: [String] = []

    func validate() throws {
        guard !command.isEmpty else { throw ValidationError("Nothing to run: vnode run [<options>] -- <command> [<argument> ...]") }
        // The engine starts a container with about a dozen threads of its own in it.
        if let pids, pids < 16 {
            throw ValidationError("The value '\(pids)' is invalid for '--pids <n>': at least 16, or runc cannot start a container")
        }
        if let hostname, hostname.isEmpty || hostname.utf8.count > 64 {
            throw ValidationError("The value '\(hostname)' is invalid for '--hostname <hostname>': 1 to 64 bytes")
        }
    }

    func run() throws {
        let status = try Launch.run(
            LaunchOptions(
                name: name, hostname: hostname, limits: Limits(memory: memory, swap: swap, cpus: cpus, cpuset: cpuset, pids: pids),
                rootfs: rootfs, keep: keep, terminal: terminal, command: command, socket: socket ?? environment("VNODE_SOCKET"),
                stateDirectory: place.path))
        Glibc.exit(status)
    }

    static func name(_ text: String) throws -> String {
        guard Name.isValid(text) else { throw ValidationError("not \(Name.forms)") }
        return text
    }

    static func size(_ text: String) throws -> ByteSize {
        guard let size = ByteSize(text) else { throw ValidationError("not \(ByteSize.forms)") }
        return size
    }

    static func share(_ text: String) throws -> CPUShare {
        guard let share = CPUShare(text) else { throw ValidationError("not \(CPUShare.forms)") }
        return share
    }
}
