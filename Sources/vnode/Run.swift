import ArgumentParser
import Glibc
import NodeConfiguration
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

    @Option(
        help: ArgumentHelp(
            "Ids of the node the vNode's are taken from (VNODE_IDS): \(IDPool.forms). Default: ids of the configuration.",
            valueName: "range"))
    var ids: String?

    @Flag(help: "Leave the vNode up after the command: see vnode exec, vnode stop.")
    var keep = false

    @Option(
        name: [.customShort("v"), .customLong("volume")],
        help: ArgumentHelp("Directory or file of this machine to show: \(Volume.forms).", valueName: "src:dst[:ro]"), transform: Run.volume)
    var volumes: [Volume] = []

    @Option(
        name: .customLong("device"), help: ArgumentHelp("Device to let it use as anybody may: \(Device.forms).", valueName: "device"),
        transform: Run.device)
    var devices: [Device] = []

    @Option(help: ArgumentHelp("Network: \(Network.forms).", valueName: "network"), transform: Run.network)
    var net = Network.ofVNode

    @Flag(
        name: .customLong("delegate-cgroup"),
        help: ArgumentHelp(
            "Let its root make cgroups below its own: for systemd and engines that set limits.",
            discussion: "Limits of the vNode hold for all of them together."))
    var delegatesCgroups = false

    @OptionGroup var flags: CommandFlags

    @Option(help: "Control socket of vnode-fs (VNODE_SOCKET). Default: the configuration's, or a private daemon's.")
    var socket: String?

    @OptionGroup var place: Place

    @Argument(parsing: .postTerminator, help: "What to run, after --.")
    var command: [String] = []

    func validate() throws {
        guard !command.isEmpty else { throw ValidationError("Nothing to run: vnode run [<options>] -- <command> [<argument> ...]") }
        _ = try flags.options(command)
        let places = volumes.map(\.destination) + devices.map(\.destination)
        if let twice = Dictionary(grouping: places, by: { $0 }).first(where: { $0.value.count > 1 }) {
            throw ValidationError("Two volumes or devices at \(twice.key)")
        }
        // The engine starts a container with about a dozen threads of its own in it.
        if let pids, pids < 16 {
            throw ValidationError("The value '\(pids)' is invalid for '--pids <n>': at least 16, or runc cannot start a container")
        }
        if let hostname, hostname.isEmpty || hostname.utf8.count > 64 {
            throw ValidationError("The value '\(hostname)' is invalid for '--hostname <hostname>': 1 to 64 bytes")
        }
    }

    func run() throws {
        var options = LaunchOptions(
            name: name, hostname: hostname, limits: Limits(memory: memory, swap: swap, cpus: cpus, cpuset: cpuset, pids: pids),
            ids: try Run.pool(ids), rootfs: rootfs, keep: keep, command: try flags.options(command),
            socket: socket ?? environment("VNODE_SOCKET"), stateDirectory: try place.path)
        if options.socket == nil { options.nodeSocket = try NodeConfiguration.socket(given: nil) }
        options.volumes = volumes
        options.devices = devices
        options.network = net
        options.delegatesCgroups = delegatesCgroups
        if options.command.detach { return print(try Launch.detach(options)) }
        Glibc.exit(try Launch.run(options))
    }

    static func name(_ text: String) throws -> String {
        guard Name.isValid(text) else { throw ValidationError("not \(Name.forms)") }
        return text
    }

    static func pool(_ option: String?) throws -> IDPool {
        guard let text = option ?? environment("VNODE_IDS") else {
            let ids = try NodeConfiguration.load(environment: [:]).ids
            guard let pool = IDPool(ids) else { throw Failure("\(NodeConfiguration.defaultPath): ids: not \(IDPool.forms)") }
            return pool
        }
        guard let pool = IDPool(text) else {
            throw ValidationError(
                "The value '\(text)' is invalid for \(option == nil ? "VNODE_IDS" : "'--ids <range>'"): not \(IDPool.forms)")
        }
        return pool
    }

    static func volume(_ text: String) throws -> Volume {
        guard let volume = Volume(text) else { throw ValidationError("not \(Volume.forms)") }
        return volume
    }

    static func device(_ text: String) throws -> Device {
        guard let device = Device(text) else { throw ValidationError("not \(Device.forms)") }
        return device
    }

    static func network(_ text: String) throws -> Network {
        guard let network = Network(text) else { throw ValidationError("not \(Network.forms)") }
        return network
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
