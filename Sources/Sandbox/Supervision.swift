import Control
import Glibc
import Linux
import SystemPackage

/// The signals a launcher takes as events, from its first moment on.
final class Signals {
    static let forwarded: [CInt] = [SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH]
    let queue: SignalQueue

    init() throws(Failure) {
        queue = try attempt("taking signals") { () throws(Errno) in try SignalQueue(Signals.forwarded) }
    }

    /// Ends a launch that was told to end before there was anything to pass the signal on to.
    func check() throws(Failure) {
        while let event = queue.next() {
            if [SIGTERM, SIGINT, SIGHUP, SIGQUIT].contains(event.signal) {
                throw Failure("interrupted", status: 128 + event.signal)
            }
        }
    }
}

/// Waits for an engine: passes signals on, and ends everything when the daemon or the vNode dies.
struct Supervision: ~Copyable {
    let child: Processes.Child
    let place: Place
    let view: UInt32
    var listener: SeccompListener
    /// The container's directory in staging.
    let top: String
    /// What the container says, when it is kept.
    let output: ContainerOutput?

    consuming func wait() throws(Failure) -> Processes.Ending {
        let daemon = place.daemon.channel.socket.raw
        while true {
            let events = try attempt("waiting") { () throws(Errno) in
                try Poll.readable(
                    [place.signals.queue.descriptor.raw, child.pidfd.raw, daemon, place.first, listener.awaited]
                        + (output?.descriptors ?? []))
            }
            if events.dropFirst(5).contains(true) { output?.pump() }
            if events[0] { forward() }
            if events[4], try handOver() { return try listener.ending(of: child) }
            if events[3] {
                try stop()
                throw Failure("the vNode has ended: vnode-init was killed or the vNode stopped")
            }
            if events[1] { return try attempt("waiting for the engine") { () throws(Errno) in try Processes.wait(child.pid) } }
            if events[2], place.daemon.channel.isClosed() {
                try stop()
                throw Failure("vnode-fs died: the vNode ends with it")
            }
        }
    }

    /// Gives the daemon what the engine has sent. A container whose calls nobody answers is none: the engine is ended, and who runs it
    /// takes away what it has started. Answers whether the engine has left without sending one.
    private mutating func handOver() throws(Failure) -> Bool {
        do throws(Failure) {
            switch try listener.step() {
            case .connected: return false
            case .left: return true
            case .sent(let descriptor):
                try place.daemon.ask(
                    .addListener(vnode: place.state.name, view: view, top: top), descriptors: [descriptor.raw],
                    "registering the seccomp listener")
                return false
            }
        } catch {
            try? Processes.send(SIGKILL, to: child.pidfd)
            _ = try? Processes.wait(child.pid)
            throw error
        }
    }

    private borrowing func forward() {
        while let event = place.signals.queue.next() {
            // The terminal has told the engine itself, which is in the same process group.
            if event.isFromProcess { try? Processes.send(event.signal, to: child.pidfd) }
        }
    }

    /// Ends the vNode, so that the engine has nothing left to wait for.
    private borrowing func stop() throws(Failure) {
        Cgroup.kill(place.cgroup.path)
        if (try? Poll.readable([child.pidfd.raw], milliseconds: 2000)) != [true] { try? Processes.send(SIGKILL, to: child.pidfd) }
        _ = try attempt("waiting for the engine") { () throws(Errno) in try Processes.wait(child.pid) }
    }
}
