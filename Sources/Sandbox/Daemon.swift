import Control
import Glibc
import Linux
import SystemPackage

/// A connection to the `vnode-fs` that serves a vNode.
final class Daemon {
    let channel: Channel
    let socket: String
    /// Set when it was started for this vNode alone.
    let privateProcess: ProcessIdentity?

    private init(channel: consuming Channel, socket: String, privateProcess: ProcessIdentity?) {
        self.channel = channel
        self.socket = socket
        self.privateProcess = privateProcess
    }

    /// Seconds after which a daemon that does not answer counts as stuck.
    static let patience = 10

    /// The daemon that listens at `socket`; when none was asked for the node's, or one of the vNode's own when that is not there.
    /// `record` is told of its process before anything else, so that it is found again whatever happens.
    static func connect(
        _ socket: String?, ofNode: String, directory: String, record: (ProcessIdentity) throws(Failure) -> Void
    ) throws(Failure) -> Daemon {
        let path = socket ?? ofNode
        var found: Channel?
        do throws(Errno) {
            found = try Channel.connect(to: path, seconds: patience)
        } catch {
            guard socket == nil, error == .noSuchFileOrDirectory || error == .connectionRefused else {
                throw Failure("connecting to vnode-fs", path, error, remedy: "start it (vnode-fs serve --socket \(path))")
            }
        }
        if let found = found.take() { return try greet(found, path, nil) }
        let own = directory + "/fs.sock"
        let process = try start(socket: own, directory: directory, record)
        return try greet(
            try attempt("connecting to vnode-fs", own) { () throws(Errno) in try Channel.connect(to: own, seconds: patience) }, own, process
        )
    }

    /// The daemon of a vNode that is already there.
    static func reconnect(_ state: State) throws(Failure) -> Daemon {
        let path = state.daemonSocket
        let channel = try attempt("connecting to vnode-fs", path) { () throws(Errno) in try Channel.connect(to: path, seconds: patience) }
        return try greet(channel, path, state.privateDaemon)
    }

    /// Whether the node's daemon still serves a vNode: not after its death, nor when another has taken its place.
    /// One that cannot be asked counts as serving.
    static func serves(_ state: State) -> Bool { serves(state, seconds: patience) }

    /// The same for who has waited already.
    static func serves(_ state: State, seconds: Int) -> Bool {
        let path = state.daemonSocket
        do {
            let channel = try Channel.connect(to: path, seconds: seconds)
            for descriptor in try channel.ask(.staging(vnode: state.name)).1 { _ = close(descriptor) }
            return true
        } catch let error as Errno {
            return error != .noSuchFileOrDirectory && error != .connectionRefused
        } catch {
            return (error as? ControlError)?.errno != .noSuchFileOrDirectory
        }
    }

    /// A connection that a worker accepts and is killed before it hands it on is reset: the next one is asked. Nothing has been yet.
    private static func greet(_ channel: consuming Channel, _ path: String, _ process: ProcessIdentity?) throws(Failure) -> Daemon {
        var daemon = Daemon(channel: channel, socket: path, privateProcess: process)
        for _ in 0..<50 {
            do throws(ControlError) { return try daemon.greeted() } catch {
                guard error.errno == .connectionReset || error.errno == .brokenPipe else {
                    throw Failure("greeting vnode-fs: \(error.message)")
                }
                usleep(20_000)
            }
            do throws(Errno) {
                daemon = Daemon(channel: try Channel.connect(to: path, seconds: patience), socket: path, privateProcess: process)
            } catch { break }
        }
        throw Failure("greeting vnode-fs: \(path): it closes every connection")
    }

    private func greeted() throws(ControlError) -> Daemon {
        guard case .hello(let version, _) = try channel.ask(.hello(version: protocolVersion)).0 else {
            throw ControlError(.protocolError, "\(socket): an answer that is not one")
        }
        guard version == protocolVersion else {
            throw ControlError(
                .protocolError,
                "vnode-fs at \(socket) speaks version \(version) of the protocol, vnode \(protocolVersion): install both from one release")
        }
        return self
    }

    @discardableResult
    func ask(_ request: Request, descriptors: [CInt] = [], _ stage: String) throws(Failure) -> Response {
        let (response, received) = try exchange(request, descriptors: descriptors, stage)
        for descriptor in received { _ = close(descriptor) }
        return response
    }

    func exchange(_ request: Request, descriptors: [CInt] = [], _ stage: String) throws(Failure) -> (Response, [CInt]) {
        do {
            return try channel.ask(request, descriptors: descriptors)
        } catch {
            let stuck = error.errno == .wouldBlock ? ": no answer in \(Daemon.patience) s" : ""
            throw Failure("\(stage): \(error.message)\(stuck)")
        }
    }

    /// A tied view goes when this process does.
    func addView(
        _ vnode: String, _ name: String, cgroup: String, network: UInt64? = nil, top: String? = nil, isTied: Bool
    ) throws(Failure) -> UInt32 {
        let record = ViewRecord(name: name, cgroup: cgroup, network: network, top: top)
        let request = Request.addView(vnode: vnode, record, isTied: isTied)
        guard case .view(let number) = try ask(request, "registering a view") else {
            throw Failure("registering a view: vnode-fs gave no number")
        }
        return number
    }

    /// Starts a daemon that ends with its last vNode and connection, and waits until it listens.
    private static func start(
        socket: String, directory: String, _ record: (ProcessIdentity) throws(Failure) -> Void
    ) throws(Failure) -> ProcessIdentity {
        let program = try Programs.own("vnode-fs")
        let log = directory + "/fs.log"
        let (reading, writing) = try attempt("starting vnode-fs") { () throws(Errno) in try Processes.pipe() }
        let ready = OwnedFD(taking: reading)
        let child = try attempt("starting vnode-fs", program) { () throws(Errno) in
            let signal = OwnedFD(taking: writing)
            let null = try Files.open("/dev/null", flags: O_RDWR)
            let output = try Files.open(log, flags: O_WRONLY | O_CREAT | O_APPEND, mode: 0o600)
            return try Processes.fork {
                setsid()
                for (from, to) in [(null.raw, 0), (output.raw, 1), (output.raw, 2), (signal.raw, 3)] where dup2(from, CInt(to)) < 0 {
                    return 1
                }
                Processes.closeAll(from: 4)
                Processes.unblockSignals()
                guard let file = try? Files.open(program, flags: O_RDONLY) else { return 1 }
                let arguments = ["vnode-fs", "serve", "--socket", socket, "--state", directory + "/fs", "--private", "--ready-fd", "3"]
                _ = Processes.execute(file, arguments, environment: Processes.environment)
                return 1
            }
        }
        guard let process = ProcessIdentity(pid: child.pid) else { throw Failure("starting vnode-fs: \(program): it ended at once") }
        try record(process)
        guard (try? Poll.readable([ready.raw], milliseconds: CInt(patience * 1000))) == [true], (try? Files.read(ready))?.isEmpty == false
        else {
            try? Processes.send(SIGKILL, to: child.pidfd)
            _ = try? Processes.wait(child.pid)
            // The last line says that it gave up, those before it why.
            let said = String(decoding: (try? Files.read(log)) ?? [], as: UTF8.self).split(separator: "\n").suffix(3)
            throw Failure("starting vnode-fs: \(program): it did not come up: \(said.joined(separator: "; "))")
        }
        return process
    }
}
