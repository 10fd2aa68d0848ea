import ArgumentParser
import CLinux
import Glibc
import Linux
import Logging
import SystemPackage
import ViewServer

struct Mount: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Mount the whole emulated tree of one cgroup at a directory, for debugging.",
        discussion: "Shows DIR/proc and DIR/sys until Ctrl-C or SIGTERM. Needs nothing else running.")

    @Argument(help: "An empty directory.")
    var directory: String

    @Option(help: "Absolute path of a cgroup v2 directory; the root of the hierarchy unless given.")
    var cgroup: String?

    @Option(help: "Name the view calls itself.")
    var id = "debug"

    func validate() throws {
        if let cgroup, !cgroup.hasPrefix("/") { throw ValidationError("--cgroup must be an absolute path such as /sys/fs/cgroup/NAME") }
    }

    func run() throws {
        guard geteuid() == 0 else { throw fail("must run as root: mounting needs CAP_SYS_ADMIN") }
        let target = try DebugMountPoint(directory)
        let device: OwnedFD
        do throws(Errno) { device = try target.mount() } catch {
            throw fail("\(directory): mounting: \(error)")
        }
        // Blocked from before there is a child, so that neither its end nor a request to end can be missed.
        let signals = try Events.signals([SIGINT, SIGTERM, SIGHUP, SIGCHLD])
        // The parent outlives the server to unmount after it, whatever kills it; the server ends with the parent.
        let parent = getpid()
        switch clinux_fork() {
        case 0:
            _ = clinux_die_with_parent(SIGTERM)
            guard getppid() == parent else { return target.unmount() }
            try serve(device, on: target)
        case let child where child > 0:
            close(device.release())
            throw ExitCode(target.guardMount(servedBy: child, signals))
        default:
            target.unmount()
            throw fail("fork: \(Errno(rawValue: errno))")
        }
    }

    private func serve(_ device: consuming OwnedFD, on target: DebugMountPoint) throws {
        var log = Logger(label: "vnode-fs", factory: { StreamLogHandler.standardError(label: $0) })
        log.logLevel = .warning
        let server: DebugMount
        do {
            server = try DebugMount(name: id, cgroup: cgroup, workers: 2, device: device, log: log)
        } catch {
            target.unmount()
            throw fail("\(cgroup ?? "root cgroup"): \(error)")
        }
        print("vnode-fs: serving \(directory)/proc and \(directory)/sys of \(cgroup ?? "the root cgroup"); Ctrl-C ends")
        fflush(nil)
        server.run()
        target.unmount()
    }
}
