import ArgumentParser
import Control
import Glibc
import Linux
import SystemPackage

@main
enum Main {
    static func main() async {
        Impostor.actIfCalled()
        ServiceManager.startIfCalled()
        Reaper.split()
        await VNodeConformance.main()
    }
}

struct VNodeConformance: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vnode-conformance",
        abstract: "Try vnode-fs and vnode on this machine and see that nothing of them stays.",
        discussion: "Runs as root on a machine where nobody else uses vnode. Exits with 1 when a check fails or none ran.")

    @Option(help: "Directory of vnode, vnode-fs and vnode-init; that of this program unless given.")
    var bin: String?

    @Option(help: "Run only checks whose \"suite: name\" contains this.")
    var filter: String?

    @Option(help: "Ask the properties of the kernel's /proc and /sys of this directory instead, which has proc and sys in it.")
    var tree: String?

    @Option(help: ArgumentHelp("Ask --tree for these paths only: proc/meminfo,sys/devices/system/cpu", valueName: "paths"))
    var claims: String?

    @Option(help: ArgumentHelp("Act with this command where --tree is /: \"vnode exec NAME --\"", valueName: "command"))
    var enter: String?

    @Flag(help: "Print the checks' names, run nothing.")
    var list = false

    @Option(help: ArgumentHelp("Connect to a control socket, print how that went and end.", visibility: .hidden))
    var connect: String?

    func run() async throws {
        if let connect { return try tryToConnect(connect) }
        if let tree {
            let subject = PropertyTree(
                name: tree, top: tree == "/" ? "" : tree, claims: claims.map { $0.split(separator: ",").map(String.init) },
                enter: (enter ?? "").split(separator: " ").map(String.init))
            let properties = Property.all.filter { filter.map($0.name.contains) ?? true }
            if try await !PropertyRun.run(properties, on: subject) { throw ExitCode(1) }
            return
        }
        let wanted = Suite.all.compactMap { suite -> Suite? in
            let checks = suite.checks.filter { filter.map("\(suite.name): \($0.name)".contains) ?? true }
            return checks.isEmpty ? nil : Suite(name: suite.name, checks: checks)
        }
        guard !wanted.isEmpty else { throw ValidationError("no check contains \"\(filter ?? "")\"; --list prints them") }
        if list {
            for suite in wanted { for check in suite.checks { print("\(suite.name): \(check.name)") } }
            return
        }
        guard geteuid() == 0 else { throw ValidationError("must run as root") }
        let programs = try programDirectory()
        var runner = try Runner(bin: programs)
        for suite in wanted { try await runner.run(suite) }
        runner.end()
        if runner.failed > 0 || runner.passed == 0 { throw ExitCode(1) }
    }

    private func programDirectory() throws -> String {
        let own = Files.link("/proc/self/exe").map { String($0[..<($0.lastIndex(of: "/") ?? $0.endIndex)]) }
        let given = bin ?? own ?? "."
        guard let resolved = unsafe realpath(given, nil) else { throw ValidationError("\(given): no such directory: name one with --bin") }
        defer { unsafe free(resolved) }
        let directory = unsafe String(cString: resolved)
        for name in ["vnode", "vnode-fs", "vnode-init"] where unsafe access("\(directory)/\(name)", X_OK) != 0 {
            throw ValidationError("\(directory)/\(name) is not there: build it, or name its directory with --bin")
        }
        return directory
    }

    private func tryToConnect(_ path: String) throws {
        do {
            _ = try Channel.connect(to: path)
            print("connected")
        } catch {
            print(error.rawValue)
            throw ExitCode(1)
        }
    }
}
