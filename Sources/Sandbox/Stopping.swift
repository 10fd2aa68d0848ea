import Glibc
import Linux
import SystemPackage

/// `vnode stop`: SIGTERM to everything in a vNode, then the end of it.
public enum Stopping {
    /// Every vNode there is.
    public static func names(stateDirectory: String) throws(Failure) -> [String] {
        let directory = try StateDirectory(stateDirectory)
        try directory.reconcile()
        return try directory.names()
    }

    /// Takes down one vNode. Its processes have `seconds` to end by themselves.
    public static func stop(_ name: String, seconds: Int, stateDirectory: String) throws(Failure) {
        let directory = try StateDirectory(stateDirectory)
        try directory.reconcile()
        guard Name.isValid(name), let state = directory.state(of: name) else { throw Failure("no vNode named \"\(name)\"") }
        if let first = state.initProcess?.open() {
            try? Processes.send(SIGTERM, to: first)
            if (try? Poll.readable([first.raw], milliseconds: CInt(clamping: seconds * 1000))) != [true] {
                try? Processes.send(SIGKILL, to: first)
            }
        }
        // Whoever runs it or is in it cleans up and lets go of the lock.
        for _ in 0..<500 {
            let isDone = try directory.locked { () throws(Failure) in
                // Another one may have taken the name.
                guard directory.state(of: name)?.bootID == state.bootID else { return true }
                Cgroup.kill(state.cgroup)
                guard let lock = directory.lock(name, .exclusive) else { return false }
                try directory.clean(name, state)
                _ = consume lock
                return true
            }
            if isDone { return }
            usleep(10000)
        }
        throw Failure("stopping \"\(name)\": a process still holds \(directory.directory(of: name))/lock")
    }
}
