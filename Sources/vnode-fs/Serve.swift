import ArgumentParser
import Control
import Glibc
import Logging
import ViewServer

struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the node daemon in the foreground.",
        discussion: "Listens on a control socket (mode 0600) for the launcher. Logs to standard error. SIGTERM or SIGINT ends it.")

    @Option(help: "Where to listen.")
    var socket = defaultSocketPath

    @Option(help: "Directory of the daemon's own, used by one daemon at a time.")
    var state = "/run/vnode/vnode-fs"

    @Option(help: "Threads that answer requests.")
    var workers = min(4, max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))))

    @Option(name: .customLong("log-level"), help: "trace, debug, info, notice, warning, error or critical.")
    var logLevel = "info"

    @Flag(name: .customLong("private"), help: ArgumentHelp("End once nobody is connected and no vNode is left.", visibility: .hidden))
    var isPrivate = false

    @Option(help: ArgumentHelp("Descriptor to write one byte to when listening.", visibility: .hidden))
    var readyFd: Int32?

    func validate() throws {
        guard (1...64).contains(workers) else { throw ValidationError("--workers must be from 1 to 64") }
        guard Logger.Level(rawValue: logLevel) != nil else { throw ValidationError("--log-level: no level \"\(logLevel)\"") }
    }

    func run() throws {
        guard geteuid() == 0 else { throw fail("must run as root: only root may serve mounts of other users' processes") }
        raiseDescriptorLimit()
        var log = Logger(label: "vnode-fs", factory: { StreamLogHandler.standardError(label: $0) })
        log.logLevel = Logger.Level(rawValue: logLevel) ?? .info
        let daemon: Daemon
        do {
            daemon = try Daemon(
                Daemon.Options(socket: socket, state: state, workers: workers, isPrivate: isPrivate), log: log)
        } catch {
            throw fail("\(error)")
        }
        daemon.run {
            guard let readyFd else { return }
            var byte: UInt8 = 1
            _ = unsafe write(readyFd, &byte, 1)
            close(readyFd)
        }
    }

    /// Each vNode takes about ten; the usual soft limit of 1024 is for select(2), which nothing here uses.
    private func raiseDescriptorLimit() {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
