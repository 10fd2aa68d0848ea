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

    private struct State {
        /// By the vNode's serial number.
        var lanes: [UInt64: Lane] = [:]
        var freeSlots: [Int]
        /// Those a thread is at, by the vNode's serial number.
        var served: Set<UInt64> = []
    }

    /// Deaths of workers that a call may be found in the middle of.
    private static let mostDeaths: UInt32 = 8

    /// Threads start with `start`.
    init(_ memory: SharedMemory, log: Logger, ended: @escaping @Sendable (VNode, Listener) -> Void) throws(Errno) {
        self.memory = memory
        self.log = log
        self.ended = ended
        epoll = try Epoll()
        let inFlight = Set(NotificationSlot.all(memory).filter(\.isInFlight).map(\.number))
        state = Mutex(State(freeSlots: (0..<NotificationSlot.most).reversed().filter { !inFlight.contains($0) }))
    }

    func start() throws(Errno) {
        for slot in NotificationSlot.all(memory) where slot.isInFlight { takeOver(slot) }
        // Only now: what a thread receives from now on is its own.
        for lane in state.withLock({ Array($0.lanes.values) }) where lane.hasLeft { serve(lane) }
        try Threads.start(stack: 128 << 10) { [self] in wait() }
    }

    /// A call that was received and not answered: it is told of only once.
    private func takeOver(_ slot: NotificationSlot) {
        slot.deaths += 1
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
            let isAny = state.withLock { !$0.served.isEmpty }
            let serial = epoll.wait(milliseconds: isAny ? 1000 : -1)
            // One that is served already, for what a worker before this one has left, asks again when its thread ends.
            let asking = serial.flatMap { serial in state.withLock { $0.served.contains(serial) ? nil : $0.lanes[serial] } }
            if let asking { serve(asking) }
            let served = state.withLock { state in state.lanes.filter { state.served.contains($0.key) }.values }
            for lane in served { giveUpStuck(lane) }
        }
    }

    /// Every answer has a bound: who has its arguments where nobody gets them is told EIO.
    private func giveUpStuck(_ lane: Lane) {
        guard let stuck = lane.takeStuck(now: Clock.monotonic) else { return }
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
                guard isStillOurs else { return }
                state.withLock { _ = $0.served.remove(serial) }
                try? epoll.again(lane.epoll.raw, key: serial)
            }
        } catch {
            state.withLock { _ = $0.served.remove(serial) }
            release(slot)
            later(lane)
        }
    }

    /// Out of slots or threads: nobody is turned away for that.
    private func later(_ lane: Lane) {
        usleep(10_000)
        try? epoll.again(lane.epoll.raw, key: lane.vnode.records.owner)
    }

    private func release(_ slot: NotificationSlot) {
        slot.end()
        state.withLock { $0.freeSlots.append(slot.number) }
    }

    private func answer(_ slot: NotificationSlot, _ listener: Listener, _ vnode: VNode) {
        let id = slot.id
        let answer: BrokeredCall.Answer
        if slot.deaths >= Broker.mostDeaths {
            log.error("a system call that workers die of is refused", metadata: ["vnode": "\(vnode.record.name)", "call": "\(slot.call)"])
            answer = .failed(.ioError)
        } else {
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
