import ArgumentParser
import Glibc
import Installer
import Linux
import NodeConfiguration
import Sandbox

/// What `install` and `uninstall` share.
struct Installation: ParsableArguments {
    @Option(name: .customLong("containerd-config"), help: "Containerd's configuration file.")
    var configuration = "/etc/containerd/config.toml"

    @Option(name: .customLong("drop-in"), help: "The file of the handler, imported there. Containerd 2.x only.")
    var dropIn = "/etc/containerd/conf.d/vnode.toml"

    @Option(help: "Directory of the programs.")
    var directory = "/usr/local/bin"

    @Flag(name: .customLong("no-restart"), help: "Change files only: neither containerd nor vnode-fs is started, stopped or restarted.")
    var noRestart = false

    private static let unit = "/etc/systemd/system/vnode-fs.service"

    private static func own() throws -> String {
        guard let me = try? Directories.readLink("/proc/self/exe"), let slash = me.lastIndex(of: "/") else {
            throw Failure("/proc/self/exe: cannot be read")
        }
        return String(me[..<slash])
    }

    var programs: ProgramInstall<RealNode> {
        get throws { ProgramInstall(node: RealNode(), from: try Installation.own(), directory: directory, unit: Installation.unit) }
    }

    var containerd: ContainerdInstall<RealNode> {
        ContainerdInstall(
            node: RealNode(), configuration: configuration, dropIn: dropIn, program: directory + "/vnode-runtime")
    }

    /// `VNODE_PER_POD`, as a DaemonSet gives it.
    static func mode() throws -> NodeConfiguration.Pods? {
        let value = unsafe getenv(NodeConfiguration.variable).map { unsafe String(cString: $0) }
        do { return try NodeConfiguration.Pods(variable: value) } catch { throw Failure("\(error)") }
    }

    func perform(_ body: () throws -> [String]) throws {
        guard geteuid() == 0 else { throw Failure("must run as root") }
        do {
            let changed = try body()
            print(changed.isEmpty ? "nothing to do" : changed.map { "changed \($0)" }.joined(separator: "\n"))
        } catch let error as InstallError { throw Failure(error.description) }
    }
}

struct Install: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make this node's containerd start pods of the handler vnode.",
        discussion: """
            Installs the programs beside this one and the unit of vnode-fs, adds the handler to containerd's configuration and restarts \
            containerd; pods that run go on. What containerd then reads is compared with what it read before. When it does not come back \
            the old files are put back. Doing it again changes nothing. With VNODE_PER_POD in its environment it writes that mode into \
            /etc/vnode/config.toml.
            """)

    @OptionGroup var installation: Installation

    func run() throws {
        try installation.perform {
            // Wrong values are found before anything is changed.
            let mode = try Installation.mode()
            return try (mode.map { try ModeInstall.install($0, into: NodeConfiguration.defaultPath) } ?? [])
                + installation.programs.install(start: !installation.noRestart)
                + installation.containerd.install(restart: !installation.noRestart)
        }
    }
}

struct Uninstall: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take out what vnode install put in.",
        discussion: "Refused while vNodes are up: their containers are stopped by vnode-runtime.")

    @OptionGroup var installation: Installation

    @OptionGroup var place: Place

    func run() throws {
        try installation.perform {
            let path = try place.path
            let names = (try? Directories.list(path + "/vnodes").map(\.name)) ?? []
            guard names.isEmpty else {
                throw InstallError("vNodes are up: \(names.sorted().joined(separator: ", ")): remove their pods, or vnode stop them")
            }
            return try installation.containerd.uninstall(restart: !installation.noRestart)
                + installation.programs.uninstall(stop: !installation.noRestart)
        }
    }
}
