import Linux
import Logging

/// Looks out for what a worker does not come back from: requests, and its control thread. Reports it first; past the limit somebody must end
/// the worker, so that nobody hangs.
struct Watchdog {
    let options: Supervisor.Options
    let log: Logger

    /// Numbers of the slots.
    private var reported: Set<Int> = []
    private var aborted: Set<Int> = []
    private var isControlReported = false
    /// Since when a control thread has not come back that is past the limit, and when that was seen.
    private var pastLimit: (since: Int64, at: Int64)?

    /// Seconds a request may take while it is replayed: nothing else is answered meanwhile.
    private static let replayLimit: Int64 = 2

    init(_ options: Supervisor.Options, log: Logger) { (self.options, self.log) = (options, log) }

    /// The requests the worker is to be ended for. `abort` has the connection of one given up, which may be enough. Before the worker
    /// serves only what is replayed is being answered, everything else waits. `now` is CLOCK_MONOTONIC.
    mutating func overdue(_ slots: [RequestSlot], isServing: Bool, now: Int64, abort: (RequestSlot) -> Bool) -> [RequestSlot] {
        let limit = isServing ? Int64(options.limit) : min(Int64(options.limit), Watchdog.replayLimit)
        var overdue: [RequestSlot] = []
        for (index, slot) in slots.enumerated() {
            let isAtWork = slot.isInFlight && (isServing || slot.isReplayed)
            let seconds = isAtWork ? (now - slot.since) / 1_000_000_000 : 0
            if seconds < Int64(options.report) {
                reported.remove(index)
                aborted.remove(index)
                continue
            }
            if reported.insert(index).inserted {
                log.error("a request is not answered", metadata: ["request": "\(options.describe(slot))", "seconds": "\(seconds)"])
            }
            guard seconds >= limit else { continue }
            if !aborted.contains(index), abort(slot) { aborted.insert(index) }
            // Nobody waits for it any more: the thread may come back yet, when it is not the only one.
            if isServing, aborted.contains(index), seconds < 2 * limit { continue }
            log.error("the worker is ended: a request is not answered", metadata: ["request": "\(options.describe(slot))"])
            overdue.append(slot)
        }
        return overdue
    }

    /// Whether the worker is to be ended for its control thread, which has been at work `since` then: 0 for one that waits.
    mutating func isControlOverdue(since: Int64, now: Int64, pid: Int32) -> Bool {
        let seconds = since > 0 ? max(0, now - since) / 1_000_000_000 : 0
        guard seconds >= Int64(options.report) else {
            isControlReported = false
            return false
        }
        if !isControlReported {
            isControlReported = true
            log.error("the control thread does not come back", metadata: ["pid": "\(pid)", "seconds": "\(seconds)"])
        }
        guard seconds >= Int64(options.limit) else { return false }
        // Looked at twice: a machine, or a cgroup, that was frozen has let nobody come back.
        if pastLimit?.since != since { pastLimit = (since, now) }
        guard let pastLimit, now - pastLimit.at >= 1_000_000_000 else { return false }
        log.error("the worker is ended: its control thread does not come back", metadata: ["pid": "\(pid)"])
        return true
    }

    /// The worker is gone: whatever it had begun, the next one begins anew.
    mutating func forgetWorker() {
        reported = []
        aborted = []
        isControlReported = false
    }
}
