import CLinux
import Control
import Glibc
import Linux
import Logging
import Synchronization
import SystemPackage
import Takeover

/// Answers the system calls that seccomp filters of containers ask about.
///
/// One thread waits for all listeners of all vNodes. Where something asks it starts the thread of that vNode's `Lane`.
final class Broker: Sendable {
    private let memory: SharedMemory
    private let log: Logger
    private let epoll: Epoll
    private let state: Mutex<State>
    /// A listener is gone: no process has its filter.
    private let ended: @Sendable (VNode, Listener) -> Void
    /// A call is refused because workers die of it.
    private let refused: @Sendable () -> Void

    private struct State {
        /// By the vNode's serial number.
        var lanes: [UInt64: Lane] = [:]
        var freeSlots: [Int]
        /// Those a thread is at, by the vNode's serial number.
        var served: Set<UInt64> = []
        /// Those that have to wait for a slot or a thread.
        var postponed = Postponed()
        /// Threads that do not come back from a call.
        var lost = 0
    }

    /// Threads all vNodes together may keep from coming back: each is one the service manager counts, and has a stack.
    private static let mostLost = 64

    /// Threads start with `start`.
    init(
        _ memory: SharedMemory, log: Logger, ended: @escaping @Sendable (VNode, Listener) -> Void, refused: @escaping @Sendable () -> Void
    ) throws(Errno) {
        self.memory = memory
        self.log = log
        self.ended = ended
        self.refused = refused
        epoll = try Epoll()
        let inFlight = Set(NotificationSlot.all(memory).filter(\.isInFlight).map(\.number))
        state = Mutex(State(freeSlots: (0..<NotificationSlot.most).reversed().filter { !inFlight.contains($0) }))
    }

    /// `signal` is what the worker before this one died of.
    func start(after signal: Int32) throws(Errno) {
        let left = NotificationSlot.all(memory).filter(\.isInFlight)
        Blame.assign(left, signal: signal)
        for slot in left { takeOver(slot) }
        // Only now: what a thread receives from now on is its own.
        for lane in state.withLock({ Array($0.lanes.values) }) where lane.hasLeft { serve(lane) }
        try Threads.start(stack: 128 << 10) { [self] in wait() }
    }

    /// A call that was received and not answered: it is told of only once.
    private func takeOver(_ slot: NotificationSlot) {
        let lanes = state.withLock { Array($0.lanes.values) }
        guard let lane = lanes.first(where: { $0.listener(slot.listener) != nil }) else { return release(slot) }
        lane.leave(slot)
    }

    func add(_ listener: Listener, of vnode: VNode) throws(Errno) {
        let serial = vnode.records.owner
        if let lane = state.withLock({ $0.lanes[serial] }) { return try lane.add(listener) }
        let lane = try Lane(vnode)
        try lane.add(listener)
        state.withLock { $0.lanes[serial] = lane }
        do throws(Errno) { try epoll.addOnce(lane.epoll.raw, key: serial) } catch {
            state.withLock { $0.lanes[serial] = nil }
            throw error
        }
    }

    func has(_ listener: UInt64, of vnode: VNode) -> Bool {
        state.withLock { $0.lanes[vnode.records.owner] }?.listener(listener) != nil
    }

    /// Those of a view, or of the vNode. They are nobody's any more.
    func remove(_ vnode: VNode, view: Int? = nil) -> [Listener] {
        guard let lane = state.withLock({ view == nil ? $0.lanes.removeValue(forKey: vnode.records.owner) : $0.lanes[vnode.records.owner] })
        else { return [] }
        let gone = lane.listeners.filter { view == nil || $0.view == view }.compactMap { lane.remove($0.serial) }
        if view == nil { epoll.remove(lane.epoll.raw) }
        return gone
    }

    private func wait() {
        while true {
            let patience = state.withLock { $0.postponed.patience(now: Clock.monotonic, atMost: $0.served.isEmpty ? -1 : 1000) }
            let serial = epoll.wait(milliseconds: patience)
            // One that is served already, for what a worker before this one has left, asks again when its thread ends.
            let asking = serial.flatMap { serial in state.withLock { $0.served.contains(serial) ? nil : $0.lanes[serial] } }
            if let asking { serve(asking) }
            let due = state.withLock { state in
                state.postponed.due(now: Clock.monotonic).filter { !state.served.contains($0) }.compactMap { state.lanes[$0] }
            }
            for lane in due { resume(lane) }
            let served = state.withLock { state in state.lanes.filter { state.served.contains($0.key) }.values }
            for lane in served { giveUpStuck(lane) }
        }
    }

    /// Every answer has a bound: who has its arguments where nobody gets them is told EIO.
    private func giveUpStuck(_ lane: Lane) {
        guard state.withLock({ $0.lost < Broker.mostLost }), let stuck = lane.takeStuck(now: Clock.monotonic) else { return }
        state.withLock { state in
            state.lost += 1
            state.served.remove(lane.vnode.records.owner)
        }
        log.error("a system call cannot be answered", metadata: ["vnode": "\(lane.vnode.record.name)", "call": "\(stuck.slot.call)"])
        _ = clinux_notification_answer(stuck.listener.descriptor.raw, stuck.slot.id, 0, EIO, 0)
        stuck.slot.end()
        serve(lane)
    }

    private func serve(_ lane: Lane) {
        guard let number = state.withLock({ $0.freeSlots.popLast() }) else { return later(lane) }
        let slot = NotificationSlot(memory, number)
        let serial = lane.vnode.records.owner
        state.withLock { _ = $0.served.insert(serial) }
        do throws(Errno) {
            try Threads.start(stack: 512 << 10) { [self] in
                let isStillOurs = lane.serve(slot, { answer($0, $1, lane.vnode) }, ended: { ended(lane.vnode, $0) })
                release(slot)
                guard isStillOurs else { return state.withLock { $0.lost -= 1 } }
                state.withLock { _ = $0.served.remove(serial) }
                try? epoll.again(lane.epoll.raw, key: serial)
            }
        } catch {
            state.withLock { _ = $0.served.remove(serial) }
            release(slot)
            later(lane)
        }
    }

    /// Out of slots or threads: nobody is turned away for that, and nobody else waits.
    private func later(_ lane: Lane) {
        state.withLock { $0.postponed.add(lane.vnode.records.owner, now: Clock.monotonic) }
    }

    private func resume(_ lane: Lane) {
        // What a worker before this one has left, no listener tells of.
        if lane.hasLeft { return serve(lane) }
        try? epoll.again(lane.epoll.raw, key: lane.vnode.records.owner)
    }

    private func release(_ slot: NotificationSlot) {
        slot.end()
        state.withLock { $0.freeSlots.append(slot.number) }
    }

    private func answer(_ slot: NotificationSlot, _ listener: Listener, _ vnode: VNode) {
        let id = slot.id
        let answer: BrokeredCall.Answer
        if slot.blame >= Blame.limit {
            log.error("a system call that workers die of is refused", metadata: ["vnode": "\(vnode.record.name)", "call": "\(slot.call)"])
            refused()
            answer = .failed(.ioError)
        } else {
            slot.isBegun = true
            do throws(Errno) { answer = try BrokeredCall(slot, listener, vnode, log: log).answer() } catch { answer = .failed(error) }
        }
        // ENOENT: the caller has been killed, or a signal has it call again.
        switch answer {
        case .value(let value): _ = clinux_notification_answer(listener.descriptor.raw, id, value, 0, 0)
        case .failed(let error): _ = clinux_notification_answer(listener.descriptor.raw, id, 0, error.rawValue, 0)
        case .kernels: _ = clinux_notification_answer(listener.descriptor.raw, id, 0, 0, 1)
        case .given: break
        }
    }
}

/// vNodes whose calls have to wait a moment, by serial number.
struct Postponed {
    /// Nanoseconds.
    static let moment: Int64 = 10_000_000

    private var until: [UInt64: Int64] = [:]

    mutating func add(_ serial: UInt64, now: Int64) { until[serial] = now + Postponed.moment }

    /// Those whose moment is over: they wait no more.
    mutating func due(now: Int64) -> [UInt64] {
        let due = until.filter { $0.value <= now }.keys.sorted()
        for serial in due { until[serial] = nil }
        return due
    }

    /// Milliseconds until somebody is due, or `most` (-1: for ever).
    func patience(now: Int64, atMost most: CInt) -> CInt {
        guard let first = until.values.min() else { return most }
        let milliseconds = CInt(clamping: max(0, (first - now + 999_999) / 1_000_000))
        return most < 0 ? milliseconds : min(most, milliseconds)
    }
}
