import FuseKit
import Linux
import Metrics
import Synchronization
import SystemPackage
import Takeover

/// What the daemon counts over the lives of its workers.
final class Tally: Sendable {
    /// Seconds since 1970 at which the first worker started.
    let started: Cell
    let replays: Cell
    let poisoned: Cell
    private let counting = Mutex(())

    /// ENOMEM when the vault has no room for it.
    init(_ vault: Vault) throws(Errno) {
        let record = try vault.cells(of: .tally)
        started = vault.cell(0, of: record)
        replays = vault.cell(1, of: record)
        poisoned = vault.cell(2, of: record)
        if started.value == 0 { started.value = UInt64(clamping: Clock.wall / 1_000_000_000) }
    }

    /// One more request is refused because workers die of it. Called by any thread.
    func countPoisoned() { counting.withLock { _ in poisoned.value &+= 1 } }
}

extension Recorders {
    /// Counts the requests one more thread answers, by vNode and file.
    func observer() -> @Sendable (Workers.Answered) -> Void {
        let recorder = add()
        return { answered in
            // What the kernel sends of its own accord.
            guard ![2, 18, 26, 36, 42].contains(answered.opcode), answered.node != NodeID.root else { return }
            recorder.record(
                vnode: answered.connection >> 3, entry: NodeID.entry(answered.node), nanoseconds: answered.nanoseconds,
                isRefill: answered.outcome.isRefill, isError: answered.outcome.isError)
        }
    }
}
