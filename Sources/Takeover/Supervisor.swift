import Glibc
public import Linux
public import Logging
public import SystemPackage

/// Keeps what must not be lost when a worker dies, and starts the next one. It never answers a request.
///
/// One thread: it forks.
public final class Supervisor {
    public struct Options: Sendable {
        /// Options of `vnode-fs worker`.
        public var arguments: [String] = []
        /// Seconds after which a thread that answers nothing is reported, and its connection aborted.
        public var report = 1
        public var limit = 10
        /// Somebody's own: a service manager's messages are not for it, whatever it has inherited.
        public var isPrivate = false
        /// What a request is about, for the log.
        public var describe: @Sendable (RequestSlot) -> String = { "opcode \($0.opcode)" }

        public init() {}
    }

    private struct Upgrade {
        let worker: WorkerProcess
        let client: UInt64
        var isOverdue = false
    }

    private let options: Options
    private let log: Logger
    private let signals: OwnedFD
    private let memory: SharedMemory
    private let slots: [RequestSlot]
    private var held: HeldDescriptors
    private var watchdog: Watchdog
    private var program: OwnedFD
    private var worker: WorkerProcess?
    private var upgrade: Upgrade?
    private var history = History()
    /// Upgrades refused of late. Every worker is told: the one before may have died with it.
    private var refusals: [(client: UInt64, reason: String, at: Int64)] = []
    private var upgradedAt: Int64 = 0
    /// When the next worker is started, CLOCK_MONOTONIC; nil while there is one.
    private var startAt: Int64? = 0
    private var failures = 0
    /// A worker has served, of this supervisor or of the one it took over from.
    private var hasServed = false
    private var isReady = false
    private var isDone = false
    /// The worker is ended because its control thread does not come back.
    private var isControlStuck = false
    /// Dead, but not to be reaped yet.
    private var undead: [WorkerProcess] = []

    /// Nanoseconds a program may take until it greets, or until it serves.
    private static let patience: Int64 = 10_000_000_000
    /// Nanoseconds somebody waits for the answer to an upgrade at most.
    private static let memory: Int64 = 30_000_000_000
    /// Workers that never served before the supervisor gives up, when none ever has.
    private static let attempts = 5

    /// Takes over what a service manager has kept. Must run before any other thread exists: signals are blocked here.
    public init(_ options: Options, log: Logger) throws(Errno) {
        self.options = options
        self.log = log
        if options.isPrivate { ServiceManager.leave() }
        signals = try Events.signals([SIGTERM, SIGINT, SIGHUP, SIGCHLD])
        held = HeldDescriptors(ServiceManager(), log: log)
        watchdog = Watchdog(options, log: log)
        program = try Files.open("/proc/self/exe", flags: O_RDONLY)
        history.generation = 0
        history.supervisor = getpid()
        var found: SharedMemory?
        if let kept = held.recover() {
            do throws(Errno) { found = try SharedMemory(existing: kept) } catch {
                log.error("what the service manager kept cannot be used: its vNodes end", metadata: ["error": "\(error)"])
                held.forgetMemory()
            }
        }
        if let found {
            memory = found
            log.notice("taking over from a supervisor that died", metadata: ["descriptors": "\(held.count)"])
        } else {
            for key in held.keys { held.release(key) }
            memory = try SharedMemory()
        }
        slots = RequestSlot.all(memory)
        if found == nil {
            held.hold(HeldKey.memory.raw, try memory.descriptor.duplicate(), connection: 0)
        } else {
            Blame.assign(slots, signal: SIGKILL)
            // Of the worker that has died with the supervisor.
            memory.controlSince = 0
            // There are vNodes: giving up would end them.
            hasServed = true
        }
    }

    /// Whether a descriptor of that name has come over from a supervisor before.
    public func has(_ key: HeldKey) -> Bool { held.descriptor(key.raw) != nil }

    /// What a socket that is kept is bound to.
    public func name(of key: HeldKey) -> SocketName? { held.descriptor(key.raw).flatMap { SocketName(of: $0) } }

    /// Whether a service manager has the descriptors: then another supervisor goes on with them.
    public var isKept: Bool { held.isStored }

    /// Whether there is more than the sockets it listens on: vNodes, which know it by where it listens.
    public var hasVNodes: Bool {
        let own: Set = [HeldKey.memory.raw, HeldKey.listener.raw, HeldKey.metrics.raw]
        return held.keys.contains { !own.contains($0) }
    }

    /// Keeps a descriptor for every worker.
    public func hold(_ key: HeldKey, _ descriptor: consuming OwnedFD) { held.hold(key.raw, descriptor, connection: 0) }

    public func letGo(_ key: HeldKey) { held.release(key.raw) }

    /// Runs workers until SIGTERM or SIGINT, or until there is nothing left to serve. `ready` is told when the first one serves.
    /// The result is an exit status.
    public func run(ready: () -> Void) -> Int32 {
        var lookAt: Int64 = 0
        while !isDone {
            startIfDue()
            let now = Clock.monotonic
            if now >= lookAt {
                lookForStuck(now)
                expire(now)
                if let dead = worker, dead.isStuckDead {
                    dead.kill()
                    bury(dead)
                    failed(dead)
                }
                lookAt = now + 1_000_000_000
            }
            let next = min(lookAt, startAt ?? .max)
            let milliseconds = CInt(clamping: max(0, (next - now + 999_999) / 1_000_000))
            let wait = [signals.raw, worker?.link.socket.raw ?? -1, upgrade?.worker.link.socket.raw ?? -1]
            guard let events = try? Poll.readable(wait, milliseconds: milliseconds) else { continue }
            if events[0], isToldToEnd() { break }
            if events[2] { hear(upgrade: ()) }
            if events[1] { hear() }
            reap()
            if !isReady, worker?.readyAt != nil {
                isReady = true
                hasServed = true
                _ = held.manager?.tell("READY=1")
                ready()
            }
            if !hasServed, failures >= Supervisor.attempts {
                log.error("no worker comes up: giving up")
                return 1
            }
        }
        end()
        return 0
    }

    // MARK: Starting

    private func startIfDue() {
        guard let due = startAt, Clock.monotonic >= due else { return }
        startAt = nil
        do throws(Errno) {
            worker = try WorkerProcess(try program.duplicate(), arguments: options.arguments)
        } catch {
            log.error("starting a worker: \(error)")
            failed()
        }
    }

    /// Gives a worker that has greeted everything there is to serve.
    private func handOver(to next: WorkerProcess) {
        history.generation += 1
        do throws(Errno) {
            try next.link.send(.start(history))
            try next.link.send(.held([HeldKey.memory.raw]), descriptors: [memory.descriptor.raw])
            var keys: [UInt64] = []
            var descriptors: [CInt] = []
            for key in held.keys where key != HeldKey.memory.raw {
                guard let descriptor = held.descriptor(key) else { continue }
                keys.append(key)
                descriptors.append(descriptor)
                if keys.count == LinkMessage.mostDescriptors {
                    try next.link.send(.held(keys), descriptors: descriptors)
                    keys = []
                    descriptors = []
                }
            }
            if !keys.isEmpty { try next.link.send(.held(keys), descriptors: descriptors) }
            try next.link.send(.go)
            refusals.removeAll { Clock.monotonic - $0.at > Supervisor.memory }
            for refusal in refusals { try next.link.send(.refused(client: refusal.client, reason: refusal.reason)) }
        } catch {
            log.error("handing over to a worker: \(error)")
            next.kill()
        }
    }

    // MARK: Listening

    private func hear() {
        guard let worker else { return }
        do throws(Errno) {
            guard let (message, descriptors) = try worker.link.receive(waiting: false) else {
                // It is ending: how is worth knowing.
                if (try? Poll.readable([worker.pidfd.raw], milliseconds: 1000)) != [true] { worker.kill() }
                return
            }
            take(message, descriptors, from: worker)
        } catch {
            if error == .wouldBlock { return }
            log.error("a worker says what cannot be understood: \(error)")
            worker.kill()
        }
    }

    private func take(_ message: LinkMessage, _ descriptors: [CInt], from worker: WorkerProcess) {
        var left = descriptors
        defer { for descriptor in left { _ = close(descriptor) } }
        switch message {
        case .hello(let version, _):
            guard version == UInt64(SharedMemory.version) else { return worker.kill() }
            worker.hasGreeted = true
            handOver(to: worker)
        case .hold(let keys, let connections):
            guard keys.count == descriptors.count else { return worker.kill() }
            for (index, key) in keys.enumerated() where key >= HeldKey.first {
                held.hold(key, OwnedFD(taking: left.removeFirst()), connection: connections[index])
            }
        case .release(let keys): for key in keys where key >= HeldKey.first { held.release(key) }
        case .ready:
            worker.readyAt = Clock.monotonic
            let took = worker.readyAt.map { ($0 - worker.startedAt) / 1_000_000 } ?? 0
            log.log(
                level: history.generation == 1 ? .debug : .notice, "worker serves",
                metadata: ["pid": "\(worker.pid)", "generation": "\(history.generation)", "ms": "\(took)"])
        case .upgrade(let client):
            guard descriptors.count == 1 else { return refuse(client, "the program did not come with the request") }
            begin(client, OwnedFD(taking: left.removeFirst()))
        case .finished: isDone = true
        case .start, .held, .go, .refused: worker.kill()
        }
    }

    // MARK: Deaths

    private func reap() {
        if let ended = upgrade, (try? Poll.readable([ended.worker.pidfd.raw], milliseconds: 0)) == [true] {
            let status = ended.worker.wait()?.status ?? 0
            upgrade = nil
            let what = ended.isOverdue ? "did not greet in time" : "ended with status \(status) instead of greeting"
            refuse(ended.client, "it is no vnode-fs that can take over: it \(what)")
        }
        undead.removeAll { $0.wait(milliseconds: 0) != nil }
        guard let gone = worker, gone.hasEnded else { return }
        bury(gone)
        failed(gone)
    }

    /// Takes from a dead worker what it has still said, and notes how it died.
    private func bury(_ gone: WorkerProcess, isReplaced: Bool = false) {
        let ended = gone.wait()
        if ended == nil {
            log.error("a dead worker waits in the kernel: the next one starts beside it", metadata: ["pid": "\(gone.pid)"])
            undead.append(gone)
        }
        let ending = ended ?? (SIGKILL, 128 + SIGKILL)
        while let received = try? gone.link.receive(waiting: false) {
            if case .hello = received.0 { continue }
            take(received.0, received.1, from: gone)
        }
        worker = nil
        watchdog.forgetWorker()
        defer { isControlStuck = false }
        memory.controlSince = 0
        let inFlight = slots.filter(\.isInFlight)
        if isReplaced {
            history.signal = 0
            history.upgrades += 1
            Blame.assign(slots, signal: 0)
            return
        }
        if Clock.monotonic - upgradedAt > Supervisor.memory { history.upgradedFor = 0 }
        // Its own doing and not a kill from outside, which the control request at hand is told by; no other request is to blame.
        history.signal = isControlStuck ? SIGXCPU : ending.signal
        if ending.signal == 0 {
            history.exits += 1
        } else if Blame.weight(of: ending.signal) == 1 {
            history.kills += 1
        } else {
            history.traps += 1
        }
        Blame.assign(slots, signal: isControlStuck ? 0 : ending.signal, hasServed: gone.readyAt != nil)
        if !isDone {
            log.warning(
                "worker died",
                metadata: [
                    "pid": "\(gone.pid)", "signal": "\(ending.signal)", "status": "\(ending.status)", "requests": "\(inFlight.count)",
                    "served": "\(gone.readyAt.map { (Clock.monotonic - $0) / 1_000_000 } ?? 0) ms",
                ])
        }
    }

    /// The next worker starts at once, unless those before it died at once.
    private func failed(_ gone: WorkerProcess? = nil) {
        let served = gone?.readyAt.map { Clock.monotonic - $0 }
        // Somebody who kills workers is no reason to wait; a worker that falls over by itself is.
        let isKilled = history.signal == SIGKILL
        let enough: Int64 = isKilled ? 30_000_000 : 1_000_000_000
        failures = served.map { $0 >= enough } == true ? 0 : failures + 1
        let wait = failures <= 3 ? 0 : min(Int64(50) << Int64(min(failures - 4, 10)), isKilled ? 100 : 5000)
        startAt = Clock.monotonic + wait * 1_000_000
        if wait > 0 {
            log.error("\(failures) workers in a row died at once: the next one starts in \(wait) ms", metadata: ["failures": "\(failures)"])
        }
    }

    // MARK: Upgrade

    private func begin(_ client: UInt64, _ next: consuming OwnedFD) {
        // Asked by another worker for the same client: the one before has died with its request.
        guard upgrade?.client != client else { return }
        guard upgrade == nil else { return refuse(client, "another upgrade is under way") }
        do throws(Errno) {
            upgrade = Upgrade(worker: try WorkerProcess(next, arguments: options.arguments), client: client)
        } catch {
            refuse(client, "starting it: \(error)")
        }
    }

    /// The program asked for says something: the first thing must be who it is.
    private func hear(upgrade _: Void) {
        guard let waiting = upgrade else { return }
        let message = try? waiting.worker.link.receive(waiting: false)
        guard let (message, descriptors) = message else { return waiting.worker.kill() }
        for descriptor in descriptors { _ = close(descriptor) }
        guard case .hello(let version, let release) = message else { return waiting.worker.kill() }
        upgrade = nil
        guard version == UInt64(SharedMemory.version) else {
            waiting.worker.kill()
            _ = waiting.worker.wait()
            return refuse(
                waiting.client,
                "it is vnode-fs \(release) with version \(version) of the takeover protocol, this one has \(SharedMemory.version): restart the daemon instead"
            )
        }
        let before = worker
        if let before {
            before.kill()
            bury(before, isReplaced: true)
        }
        startAt = nil
        history.upgradedFor = waiting.client
        upgradedAt = Clock.monotonic
        worker = waiting.worker
        waiting.worker.hasGreeted = true
        handOver(to: waiting.worker)
        settle(waiting, since: Clock.monotonic)
    }

    /// Waits until the new program serves, or puts the old one back.
    private func settle(_ upgrade: Upgrade, since: Int64) {
        while upgrade.worker.readyAt == nil {
            let left = (since + Supervisor.patience - Clock.monotonic) / 1_000_000
            guard left > 0, (try? Poll.readable([upgrade.worker.link.socket.raw], milliseconds: CInt(left))) == [true] else { break }
            do throws(Errno) {
                guard let (message, descriptors) = try upgrade.worker.link.receive(waiting: false) else { break }
                take(message, descriptors, from: upgrade.worker)
            } catch {
                if error != .wouldBlock { break }
            }
        }
        if upgrade.worker.readyAt != nil {
            if let program = try? upgrade.worker.program.duplicate() { self.program = program }
            log.notice("upgraded", metadata: ["pid": "\(upgrade.worker.pid)"])
            return
        }
        upgrade.worker.kill()
        bury(upgrade.worker)
        history.upgradedFor = 0
        refuse(upgrade.client, "it did not come to serving: the program before it serves again")
        startAt = 0
    }

    private func refuse(_ client: UInt64, _ reason: String) {
        log.warning("upgrade refused: \(reason)")
        refusals.append((client, reason, Clock.monotonic))
        if let worker, worker.hasGreeted { try? worker.link.send(.refused(client: client, reason: reason)) }
    }

    // MARK: Bounds

    /// A program that does not greet or serve in time is ended.
    private func expire(_ now: Int64) {
        // How long a replay may take is looked at elsewhere.
        let isReplaying = slots.contains { $0.isInFlight && $0.isReplayed }
        if let worker, worker.readyAt == nil, !isReplaying, now - worker.startedAt > Supervisor.patience { worker.kill() }
        if let late = upgrade, now - late.worker.startedAt > Supervisor.patience / 2 {
            upgrade?.isOverdue = true
            late.worker.kill()
        }
    }

    /// Ends a worker that does not come back from something.
    private func lookForStuck(_ now: Int64) {
        guard let worker else { return }
        let isServing = worker.readyAt != nil
        let overdue = watchdog.overdue(slots, isServing: isServing, now: now) { abort($0) }
        if !overdue.isEmpty {
            // Blamed are all of them, and nobody else.
            for slot in overdue {
                slot.addBlame(3)
                slot.isReplayed = true
            }
            worker.kill()
        }
        guard isServing, !isControlStuck else { return }
        if watchdog.isControlOverdue(since: memory.controlSince, now: now, pid: worker.pid) {
            isControlStuck = true
            worker.kill()
        }
    }

    /// Has the kernel give up the connection of a request (fusectl).
    private func abort(_ slot: RequestSlot) -> Bool {
        guard let connection = held.connection(slot.connection),
            (try? Files.write("1", to: "/sys/fs/fuse/connections/\(connection)/abort")) != nil
        else { return false }
        history.aborts += 1
        log.error("connection aborted", metadata: ["request": "\(options.describe(slot))", "connection": "\(connection)"])
        return true
    }

    // MARK: Ending

    private func isToldToEnd() -> Bool {
        while let signal = Events.nextSignal(signals) {
            if signal == SIGCHLD { continue }
            log.info("ending", metadata: ["signal": "\(signal)", "descriptors": "\(held.count)"])
            return true
        }
        return false
    }

    private func end() {
        isDone = true
        for process in [upgrade?.worker, worker] {
            guard let process else { continue }
            process.kill()
            _ = process.wait()
        }
    }
}
