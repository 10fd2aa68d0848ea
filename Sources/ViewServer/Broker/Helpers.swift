import Glibc
import Synchronization

/// Helpers of one vNode that do not end: a file system of its own has taken a request of theirs and does not answer, which no signal ends.
/// Each is a process of the node's and pins a copy of the staging mounts.
final class Helpers: Sendable {
    private let left = Mutex<[Int32]>([])
    /// What one vNode may keep from ending before its mounts are EIO.
    private static let most = 4

    /// Those of vNodes that are gone, which end soon: as zombies they would be tasks of the daemon's.
    private static let ofNobody = Mutex<[Int32]>([])

    deinit {
        let pids = left.withLock { $0 }
        Helpers.ofNobody.withLock { $0 += pids }
    }

    /// Whether one more may be started. Reaps those that have ended after all.
    func mayStart() -> Bool {
        Helpers.ofNobody.withLock { Helpers.reap(&$0) }
        return left.withLock { left in
            Helpers.reap(&left)
            return left.count < Helpers.most
        }
    }

    private static func reap(_ pids: inout [Int32]) {
        pids.removeAll { pid in
            var status: CInt = 0
            return unsafe waitpid(pid, &status, WNOHANG) != 0
        }
    }

    /// A child that was killed and is still there.
    func leave(_ pid: Int32) { left.withLock { $0.append(pid) } }
}
