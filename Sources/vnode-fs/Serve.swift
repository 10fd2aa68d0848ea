import ArgumentParser
import Control
import Glibc
import Linux
import Logging
import Metrics
import NodeConfiguration
import SystemPackage
import Takeover
import ViewServer

struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the node daemon in the foreground.",
        discussion: """
            Listens on a control socket (mode 0600) for the launcher. Logs to standard error. SIGTERM or SIGINT ends it. It serves through \
            a child process, the worker: one that dies is replaced unnoticed, `vnode-fs upgrade` replaces it by another program.
            """)

    @Option(help: "Where to listen. Default: the configuration's socket.")
    var socket: String?

    @Option(help: "Directory of the daemon's own, used by one daemon at a time.")
    var state = "/run/vnode/vnode-fs"

    @OptionGroup var serving: Serving

    @Option(
        name: .customLong("stuck-limit"),
        help: "Seconds after which the connection of a request that is not answered is aborted.")
    var stuckLimit = 10

    @Option(help: "Serve metrics for Prometheus at unix:/PATH, 127.0.0.1:PORT or [::1]:PORT.")
    var metrics: String?

    @Option(help: ArgumentHelp("Descriptor to write one byte to when listening.", visibility: .hidden))
    var readyFd: Int32?

    func validate() throws {
        do { if let metrics { _ = try MetricsAddress.parse(metrics) } } catch { throw ValidationError("--metrics \(error)") }
        guard (1...3600).contains(stuckLimit) else { throw ValidationError("--stuck-limit must be from 1 to 3600") }
    }

    func run() throws {
        guard geteuid() == 0 else { throw fail("must run as root: only root may serve mounts of other users' processes") }
        raiseDescriptorLimit()
        let log = serving.logger
        let socket = try whereToListen(log)
        let lock: OwnedFD
        do { lock = try StateDirectory.take(state) } catch { throw fail("\(error)") }
        let supervisor: Supervisor
        do {
            var options = Supervisor.Options()
            options.arguments = serving.arguments
            options.limit = stuckLimit
            options.isPrivate = serving.isPrivate
            options.describe = describe(_:)
            supervisor = try Supervisor(options, log: log)
            try listen(supervisor, at: socket, log)
        } catch {
            throw fail("\(error)")
        }
        let status = supervisor.run {
            log.info("serving", metadata: ["socket": "\(socket)", "workers": "\(serving.workers)"])
            guard let readyFd else { return }
            var byte: UInt8 = 1
            _ = unsafe write(readyFd, &byte, 1)
            close(readyFd)
        }
        if !supervisor.isKept {
            _ = unsafe unlink(socket)
            supervisor.letGo(.metrics)
            if let metrics { try? MetricsAddress.parse(metrics).removePath() }
        }
        _ = consume lock
        if status != 0 { throw ExitCode(status) }
    }

    /// Who takes over vNodes must not fail for a configuration that somebody is just editing: where it listens came over too.
    private func whereToListen(_ log: Logger) throws -> String {
        do { return try NodeConfiguration.socket(given: socket) } catch {
            guard unsafe getenv("LISTEN_FDS") != nil else { throw fail("\(error)") }
            log.error("the configuration is not read", metadata: ["error": "\(error)"])
            return defaultSocketPath
        }
    }

    /// A socket that came over from a supervisor before is still the one at its path. It stays there as long as there are vNodes, which know
    /// the daemon by it; that of metrics follows the options.
    private func listen(_ supervisor: Supervisor, at socket: String, _ log: Logger) throws {
        let old = supervisor.name(of: .listener)
        if !Serve.isSame(old, .unix(path: socket)) {
            if let old, supervisor.hasVNodes {
                log.warning("the socket stays where it is until there is no vNode", metadata: ["socket": "\(old)", "wanted": "\(socket)"])
            } else {
                supervisor.hold(.listener, try ControlSocket.listen(at: socket))
                removePath(of: old)
            }
        }
        let wanted = try metrics.map { try MetricsAddress.parse($0) }
        let oldMetrics = supervisor.name(of: .metrics)
        if wanted == nil || !Serve.isSame(oldMetrics, wanted?.name) {
            do {
                if let wanted { supervisor.hold(.metrics, try wanted.listen()) } else { supervisor.letGo(.metrics) }
                removePath(of: oldMetrics)
            } catch {
                guard supervisor.hasVNodes else { throw error }
                log.error("metrics are not served", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Whether both are one place; a path may be written in many ways.
    private static func isSame(_ one: SocketName?, _ other: SocketName?) -> Bool {
        if one == other { return true }
        guard case .unix(let path) = one, case .unix(let otherPath) = other else { return false }
        var status = stat()
        var otherStatus = stat()
        guard unsafe stat(path, &status) == 0, unsafe stat(otherPath, &otherStatus) == 0 else { return false }
        return status.st_dev == otherStatus.st_dev && status.st_ino == otherStatus.st_ino
    }

    private func removePath(of name: SocketName?) { if case .unix(let path) = name { _ = unsafe unlink(path) } }

    /// Each vNode takes about ten; the usual soft limit of 1024 is for select(2), which nothing here uses.
    private func raiseDescriptorLimit() {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}

/// What supervisor and worker are both told.
struct Serving: ParsableArguments {
    @Option(help: "Threads that answer requests.")
    var workers = min(4, max(2, sysconf(Int32(_SC_NPROCESSORS_ONLN))))

    @Option(name: .customLong("log-level"), help: "trace, debug, info, notice, warning, error or critical.")
    var logLevel = "info"

    @Flag(name: .customLong("private"), help: ArgumentHelp("End once nobody is connected and no vNode is left.", visibility: .hidden))
    var isPrivate = false

    @Option(help: ArgumentHelp("What the worker does wrong, for tests.", visibility: .hidden))
    var fault: String?

    func validate() throws {
        guard (1...64).contains(workers) else { throw ValidationError("--workers must be from 1 to 64") }
        guard Logger.Level(rawValue: logLevel) != nil else { throw ValidationError("--log-level: no level \"\(logLevel)\"") }
    }

    var logger: Logger {
        var log = Logger(label: "vnode-fs", factory: { StreamLogHandler.standardError(label: $0) })
        log.logLevel = Logger.Level(rawValue: logLevel) ?? .info
        return log
    }

    var arguments: [String] {
        ["--workers", "\(workers)", "--log-level", logLevel] + (isPrivate ? ["--private"] : []) + (fault.map { ["--fault", $0] } ?? [])
    }
}
