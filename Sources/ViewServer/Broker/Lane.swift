import CLinux
import Linux
import Synchronization
import SystemPackage
import Takeover

/// The brokered system calls of one vNode, answered one after the other on a thread of the vNode's own.
///
/// A process may have its arguments in memory that is not there before it says so (userfaultfd, a FUSE file), and name paths in file
/// systems of its own: who waits for that is this thread, and with it the vNode that made it wait. It is there while it has something
/// to do, and a second longer.
final class Lane: Sendable {
    let vnode: VNode
    /// All listeners of the vNode: readable when one is.
    let epoll: Epoll
    private let state = Mutex(State())

    private struct State {
        var listeners: [UInt64: Listener] = [:]
        /// What a worker before this one has left unanswered.
        var left: [NotificationSlot] = []
        /// The call the thread is at, and since when (CLOCK_MONOTONIC).
        var current: (slot: NotificationSlot, listener: Listener, since: Int64)?
        /// Threads that do not come back from a call, and how many there have been: which one is the lane's.
        var lost = 0
        var turn = 0
    }

    /// Nanoseconds a call may take; a helper's are fewer.
    private static let limit: Int64 = 8_000_000_000
    /// Threads one vNode may keep from coming back before its calls wait until one does.
    private static let mostLost = 4

    init(_ vnode: VNode) throws(Errno) {
        self.vnode = vnode
        epoll = try Epoll()
    }

    func add(_ listener: Listener) throws(Errno) {
        state.withLock { $0.listeners[listener.serial] = listener }
        do throws(Errno) { try epoll.add(listener.descriptor.raw, key: listener.serial) } catch {
            state.withLock { $0.listeners[listener.serial] = nil }
            throw error
        }
    }

    /// It, the first time.
    func remove(_ serial: UInt64) -> Listener? {
        guard let gone = state.withLock({ $0.listeners.removeValue(forKey: serial) }) else { return nil }
        // The supervisor has the same open file.
        epoll.remove(gone.descriptor.raw)
        return gone
    }

    func listener(_ serial: UInt64) -> Listener? { state.withLock { $0.listeners[serial] } }

    var listeners: [Listener] { state.withLock { Array($0.listeners.values) } }

    func leave(_ slot: NotificationSlot) { state.withLock { $0.left.append(slot) } }

    var hasLeft: Bool { state.withLock { !$0.left.isEmpty } }

    private func takeLeft() -> NotificationSlot? { state.withLock { $0.left.popLast() } }

    /// Answers what there is, until there is nothing for a second. `ended` is told of a listener that no process has any more.
    /// False when another thread has the lane now.
    func serve(_ slot: NotificationSlot, _ answer: (NotificationSlot, Listener) -> Void, ended: (Listener) -> Void) -> Bool {
        let turn = state.withLock { $0.turn }
        while let left = takeLeft() {
            if let listener = listener(left.listener), !perform(left, listener, turn, answer) { return false }
            left.end()
        }
        while let serial = epoll.wait(milliseconds: 1000) {
            guard let listener = listener(serial) else { continue }
            switch clinux_notification_state(listener.descriptor.raw, 0) {
            case 1:
                guard (try? slot.receive(from: listener.descriptor.raw, serial: serial)) != nil else { continue }
                if !perform(slot, listener, turn, answer) { return false }
                slot.end()
            case -1: if let gone = remove(serial) { ended(gone) }
            default: continue
            }
        }
        return true
    }

    private func perform(
        _ slot: NotificationSlot, _ listener: Listener, _ turn: Int, _ answer: (NotificationSlot, Listener) -> Void
    ) -> Bool {
        state.withLock { $0.current = (slot, listener, Clock.monotonic) }
        answer(slot, listener)
        return state.withLock { state in
            guard state.turn == turn else {
                state.lost -= 1
                return false
            }
            state.current = nil
            return true
        }
    }

    /// The call that takes too long, the first time it is asked for. The thread at it is given up, unless too many have been: then
    /// whoever calls waits until one comes back, which is the doing of that vNode alone.
    func takeStuck(now: Int64) -> (slot: NotificationSlot, listener: Listener)? {
        state.withLock { state in
            guard let current = state.current, now - current.since > Lane.limit, state.lost < Lane.mostLost else { return nil }
            state.current = nil
            state.lost += 1
            state.turn += 1
            return (current.slot, current.listener)
        }
    }
}
