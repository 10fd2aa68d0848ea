import Control
import FuseKit
import Glibc
import Linux
import Logging
import Metrics
import Readings
import Synchronization
import SystemPackage
import Takeover
import Tree

/// Every vNode the daemon serves, and the workers that serve them.
final class Registry: Sendable {
    private struct Served: Sendable {
        let vnode: VNode
        let files: [InvalidationSlot]
        let keys: [UInt64]
    }

    /// What a vNode's descriptors are to the supervisor: its serial number and one of these.
    enum Part: UInt64, CaseIterable {
        case `static`, live, staging, pidfd, procfs

        /// A number of seven; 5 is a listener's (`Listener.key`).
        func key(_ serial: UInt64) -> UInt64 { serial << 3 | rawValue }
    }

    private let node: NodeReadings
    private let workers: Workers
    let vault: Vault
    private let catalog: Catalog
    private let generation: UInt64
    /// Where descriptors go that must outlive this worker; none in a debug mount.
    private let link: Link?
    private let served = Mutex<[String: Served]>([:])
    private let lastOnline = Mutex<CPUSet?>(nil)
    /// The view that is looked at next though nothing says that it has changed.
    private let turn = Mutex(0)
    /// So many at a time: their files are fewer than may stay open, so that those of views that are read do.
    private static let inTurn = 16
    private let telling = Mutex(Telling())
    private let recorders: Recorders
    private let tally: Tally
    /// None in a debug mount.
    private let broker: Broker?
    private let log: Logger

    /// Threads start with `start`.
    init(
        node: NodeReadings, workers: Int, vault: Vault, link: Link? = nil, generation: UInt64 = 1, log: Logger
    ) throws(Errno) {
        self.node = node
        self.vault = vault
        self.link = link
        self.generation = generation
        self.log = log
        let recorders = Recorders()
        self.recorders = recorders
        self.workers = try Workers(count: workers, memory: vault.memory) { recorders.observer() }
        catalog = try Registry.numbered(in: vault)
        try Registry.number(disksOf: node, in: vault)
        let tally = try Tally(vault)
        self.tally = tally
        broker = try link.map { link throws(Errno) in
            try Broker(
                vault.memory, log: log, ended: { vnode, listener in Registry.forget(listener, of: vnode, link) },
                refused: { tally.countPoisoned() })
        }
    }

    /// `signal` is what the worker before this one died of.
    func start(after signal: Int32 = 0) throws(Errno) {
        try workers.start()
        try broker?.start(after: signal)
    }

    /// A control request is refused because workers die of it.
    func countPoisoned() { tally.countPoisoned() }

    var vnodes: [VNode] { served.withLock { $0.values.map(\.vnode).sorted { $0.record.name < $1.record.name } } }

    var isEmpty: Bool { served.withLock { $0.isEmpty } }

    func vnode(_ name: String) throws(ControlError) -> VNode {
        guard let found = served.withLock({ $0[name] }) else {
            throw ControlError(.noSuchFileOrDirectory, "no vNode named \"\(name)\" is served here")
        }
        return found.vnode
    }

    /// Starts serving a vNode on its two connections.
    func add(
        _ record: VNodeRecord, static staticDevice: consuming OwnedFD, live liveDevice: consuming OwnedFD,
        descriptors: VNode.Descriptors
    ) throws(ControlError) -> VNode {
        guard served.withLock({ $0[record.name] == nil }) else {
            throw ControlError(.fileExists, "a vNode named \"\(record.name)\" is served already")
        }
        let serial = vault.memory.nextSerial()
        do throws(Errno) {
            let raw = [staticDevice.raw, liveDevice.raw, descriptors.staging.raw, descriptors.pidfd.raw, descriptors.procfs.raw]
            let numbers = [record.staticConnection ?? 0, record.liveConnection ?? 0, 0, 0, 0].map { UInt64($0) }
            try link?.send(.hold(Part.allCases.map { $0.key(serial) }, connections: numbers), descriptors: raw)
            let vnode = try VNode(
                record: record, records: Records(vault: vault, owner: serial), node: node, catalog: catalog, descriptors: descriptors)
            let first = try serve(vnode, .static, on: staticDevice)
            let second: InvalidationSlot
            do throws(Errno) { second = try serve(vnode, .live, on: liveDevice) } catch {
                workers.remove(Part.static.key(serial))
                throw error
            }
            served.withLock {
                $0[record.name] = Served(vnode: vnode, files: [first, second], keys: [Part.static.key(serial), Part.live.key(serial)])
            }
            return vnode
        } catch {
            letGo(serial)
            throw ControlError(error, "serving vNode \"\(record.name)\": \(error)")
        }
    }

    /// Serves the whole tree of one view on one connection.
    func addWhole(_ record: VNodeRecord, view: ViewRecord, on device: consuming OwnedFD) throws(Errno) {
        let serial = vault.memory.nextSerial()
        let vnode = try VNode(
            record: record, records: Records(vault: vault, owner: serial), node: node, catalog: catalog, top: node.cgroupRoot)
        _ = try vnode.add(view)
        let slot = try serve(vnode, .whole, on: device)
        served.withLock { $0[record.name] = Served(vnode: vnode, files: [slot], keys: [Part.static.key(serial)]) }
    }

    private func serve(
        _ vnode: VNode, _ role: ViewFileSystem.Role, on device: consuming OwnedFD, _ kept: KeptVNode? = nil
    ) throws(Errno) -> InvalidationSlot {
        let slot = InvalidationSlot()
        let negotiated = kept?.negotiated[role.rawValue]
        let files = ViewFileSystem(
            role: role, vnode: vnode, invalidate: slot, generation: generation,
            direct: kept?.direct.filter { DirectHandles.role(of: $0.key) == role.rawValue } ?? [:],
            triggers: kept?.triggers.filter { DirectHandles.role(of: $0.key) == role.rawValue } ?? [:], negotiated: negotiated)
        let part: Part = role == .live ? .live : .static
        let connection = try Connection(
            device, key: part.key(vnode.records.owner), serving: files, negotiated: negotiated.map { vault.bytes(of: $0) })
        slot.connection = connection
        try workers.add(connection)
        // What the last worker had to tell may not have got through.
        if kept != nil { vnode.triggers.wakeAll() }
        return slot
    }

    /// Stops serving a vNode: its connections are closed when the last request is answered.
    @discardableResult func remove(_ name: String) -> Bool {
        guard let gone = served.withLock({ $0.removeValue(forKey: name) }) else { return false }
        for key in gone.keys { workers.remove(key) }
        removeListeners(of: gone.vnode)
        letGo(gone.vnode.records.owner, gone.vnode.end())
        return true
    }

    private func letGo(_ serial: UInt64, _ files: [Generations] = []) {
        Generations.whenIdle(files) { [vault] in vault.remove(owner: serial) }
        recorders.forget(vnode: serial)
        try? link?.send(.release(Part.allCases.map { $0.key(serial) }))
    }

    // MARK: Listeners

    /// Answers the system calls a container's filter asks about, from now on.
    /// Done already where there is one with that serial number.
    func addListener(_ descriptor: consuming OwnedFD, serial: UInt64, of vnode: VNode, view: Int, top: String) throws(ControlError) {
        guard let link, let broker else { throw ControlError(.notSupported, "a debug mount has no containers") }
        guard !broker.has(serial, of: vnode) else { return }
        // What another file answers to the requests of a listener would be believed.
        guard (try? Directories.readLink("/proc/self/fd/\(descriptor.raw)")) == "anon_inode:seccomp notify" else {
            throw ControlError(.invalidArgument, "what came as the listener of view \(view) of vNode \"\(vnode.record.name)\" is none")
        }
        let listener = Listener(serial: serial, descriptor: descriptor, view: view, top: top)
        do throws(Errno) {
            _ = try vnode.view(view)
            try link.send(.hold([listener.key], connections: [0]), descriptors: [listener.descriptor.raw])
            guard vnode.records.put(listener.packed, Item(.listener, handle: listener.serial)) != nil else { throw .noMemory }
            try broker.add(listener, of: vnode)
        } catch {
            Registry.forget(listener, of: vnode, link)
            throw ControlError(error, "seccomp listener of view \(view) of vNode \"\(vnode.record.name)\": \(error)")
        }
    }

    /// Those of a view, or all.
    func removeListeners(of vnode: VNode, view: Int? = nil) {
        guard let link, let broker else { return }
        for gone in broker.remove(vnode, view: view) { Registry.forget(gone, of: vnode, link) }
    }

    private static func forget(_ listener: Listener, of vnode: VNode, _ link: Link) {
        vnode.records.vault.remove(owner: vnode.records.owner) { $0 == Item(.listener, handle: listener.serial).raw }
        try? link.send(.release([listener.key]))
    }

    // MARK: Taking over

    /// A vNode in the vault.
    struct KeptVNode {
        var record: Vault.Record?
        var views: [Int: Vault.Record] = [:]
        var counters: [Int: [Counter: Vault.Record]] = [:]
        var files: [Int: [Place: Vault.Record]] = [:]
        var answers: [Item: Vault.Record] = [:]
        var direct: [UInt64: Vault.Record] = [:]
        var negotiated: [Int: Vault.Record] = [:]
        var sysctls: [Int: Vault.Record] = [:]
        var triggers: [UInt64: Vault.Record] = [:]
        var listeners: [Vault.Record] = []
    }

    /// Goes on with what workers before this one have left. `held` gives up the descriptor of a key. What is not whole any more
    /// is let go of.
    func restore(_ held: (UInt64) -> CInt?) {
        var kept: [UInt64: KeptVNode] = [:]
        for found in vault.found() where found.owner != OwnRecord.owner {
            let item = Item(raw: found.item)
            switch item.kind {
            case .vnode: kept[found.owner, default: KeptVNode()].record = found.record
            case .view: kept[found.owner, default: KeptVNode()].views[item.view] = found.record
            case .counter:
                guard let counter = Counter(rawValue: UInt8(truncatingIfNeeded: item.index)) else { continue }
                kept[found.owner, default: KeptVNode()].counters[item.view, default: [:]][counter] = found.record
            case .file: kept[found.owner, default: KeptVNode()].files[item.view, default: [:]][item.place] = found.record
            case .answer: kept[found.owner, default: KeptVNode()].answers[item] = found.record
            case .direct: kept[found.owner, default: KeptVNode()].direct[item.handle] = found.record
            case .negotiated: kept[found.owner, default: KeptVNode()].negotiated[item.index] = found.record
            case .sysctl: kept[found.owner, default: KeptVNode()].sysctls[item.place.entry] = found.record
            case .trigger: kept[found.owner, default: KeptVNode()].triggers[item.handle] = found.record
            case .listener: kept[found.owner, default: KeptVNode()].listeners.append(found.record)
            case .catalog, .control, nil: continue
            }
        }
        for (serial, vnode) in kept where !restore(serial, vnode, held) {
            log.error("a vNode cannot be taken over", metadata: ["serial": "\(serial)"])
            letGo(serial)
        }
    }

    private func restore(_ serial: UInt64, _ kept: KeptVNode, _ held: (UInt64) -> CInt?) -> Bool {
        var descriptors: [CInt] = []
        for part in Part.allCases {
            guard let descriptor = held(part.key(serial)) else { break }
            descriptors.append(descriptor)
        }
        guard descriptors.count == Part.allCases.count, let place = kept.record, let record = VNodeRecord(packed: vault.bytes(of: place))
        else {
            for descriptor in descriptors { _ = OwnedFD(taking: descriptor) }
            return false
        }
        let staticDevice = OwnedFD(taking: descriptors[0])
        let liveDevice = OwnedFD(taking: descriptors[1])
        let others = VNode.Descriptors(
            staging: OwnedFD(taking: descriptors[2]), pidfd: OwnedFD(taking: descriptors[3]), procfs: OwnedFD(taking: descriptors[4]))
        do throws(Errno) {
            let vnode = try VNode(
                record: record, records: Records(vault: vault, owner: serial), node: node, catalog: catalog, descriptors: others,
                kept: place, sysctls: kept.sysctls)
            for (number, place) in kept.views {
                guard let known = View.Kept(vault.bytes(of: place)),
                    let view = vnode.restore(known, at: place, number: number, counters: kept.counters[number] ?? [:])
                else { return false }
                for (place, file) in kept.files[number] ?? [:] {
                    view.restore(place, file: file, answer: kept.answers[Item(.answer, view: number, place: place)])
                }
            }
            let first = try serve(vnode, .static, on: staticDevice, kept)
            let second = try serve(vnode, .live, on: liveDevice, kept)
            served.withLock {
                $0[record.name] = Served(vnode: vnode, files: [first, second], keys: [Part.static.key(serial), Part.live.key(serial)])
            }
            for place in kept.listeners {
                guard let listener = Listener(packed: vault.bytes(of: place), held) else { continue }
                if (try? broker?.add(listener, of: vnode)) == nil { log.error("a seccomp listener cannot be taken over") }
            }
            return true
        } catch {
            workers.remove(Part.static.key(serial))
            return false
        }
    }

    /// Answers what a worker before this one has left unanswered. How many requests.
    func replay() -> Int {
        let count = workers.replay { slot in
            tally.countPoisoned()
            log.error("a request that kills workers is refused", metadata: ["request": "\(describe(slot))", "errno": "EIO"])
        }
        tally.replays.value += UInt64(count)
        return count
    }

    /// What was served so far.
    func report(_ history: History) -> Report {
        let all = served.withLock { $0.values.map(\.vnode) }
        let serials = Set(all.map(\.records.owner))
        // What was still being answered when its vNode went.
        recorders.forgetAll(except: serials)
        var daemon = Report.Daemon(version: releaseVersion, started: Int64(clamping: tally.started.value))
        daemon.workerGeneration = history.generation
        daemon.restarts = ["kill": history.kills, "trap": history.traps, "exit": history.exits, "upgrade": history.upgrades]
        daemon.replays = tally.replays.value
        daemon.poisonedRequests = tally.poisoned.value
        daemon.connectionsAborted = history.aborts
        daemon.connections = UInt64(workers.served)
        daemon.vnodes = UInt64(all.count)
        daemon.views = all.reduce(0) { $0 + UInt64($1.viewNumbers.count) }
        let paths = catalog.paths
        return Report(
            daemon: daemon, counts: recorders.collect(),
            names: Dictionary(all.map { ($0.records.owner, $0.record.name) }, uniquingKeysWith: { first, _ in first }),
            path: { paths.indices.contains($0) ? "/" + paths[$0] : "?" })
    }

    /// A request, for people.
    private func describe(_ slot: RequestSlot) -> String {
        let name = served.withLock { served in served.first { $0.value.keys.contains(slot.connection) }?.key }
        return "\(opcodeName(slot.opcode)) \(Registry.path(slot.node, in: catalog)) of vNode \(name ?? "?")"
    }

    static func path(_ node: UInt64, in catalog: Catalog) -> String {
        guard let id = NodeID(node, entries: catalog.entries.count) else { return "/" }
        return "/\(catalog.path(of: id.place))"
    }

    /// The table, its entries numbered as the kernel has come to know them.
    private static func numbered(in vault: Vault) throws(Errno) -> Catalog {
        let old = vault.own(.paths)
        var paths: [String] = []
        if let old {
            var from = Unpacker(vault.bytes(of: old))
            while let path = from.text() { paths.append(path) }
        }
        let catalog = Catalog(rows: Table.rows, numberedAs: paths)
        if catalog.paths != paths {
            var out = Packer()
            for path in catalog.paths { out.add(path) }
            guard vault.put(out.bytes, own: .paths, replacing: old) != nil else { throw .noMemory }
        }
        return catalog
    }

    /// The node's disks, numbered as the kernel has come to know them.
    private static func number(disksOf node: NodeReadings, in vault: Vault) throws(Errno) {
        let old = vault.own(.disks)
        var names: [String] = []
        if let old {
            var from = Unpacker(vault.bytes(of: old))
            while let name = from.text() { names.append(name) }
        }
        let record = Mutex(old)
        node.diskNumbers.goOn(with: names) { names in
            var out = Packer()
            for name in names { out.add(name) }
            return record.withLock { record in
                guard let made = vault.put(out.bytes, own: .disks, replacing: record) else { return false }
                record = made
                return true
            }
        }
    }

    // MARK: Changes

    /// One step of the load averages somebody reads.
    func sampleLoads() {
        for view in vnodes.flatMap(\.all) where view.readings.wantsLoadSamples { view.readings.sampleLoad() }
    }

    /// What changes without a file anybody writes to: the node's CPUs go on- and offline, and a cgroup that becomes a cpuset partition
    /// takes CPUs from all beside it. All views are looked at when the node's or those of a view whose turn it is have changed.
    func refreshUnasked() {
        let online = try? node.onlineCPUs()
        let hasChanged = lastOnline.withLock { last in
            defer { last = online ?? last }
            return online != nil && last != nil && last != online
        }
        if hasChanged || refresh(takeTurn()) { refreshAll() }
    }

    /// The next few views, of all in turn.
    private func takeTurn() -> [(vnode: String, number: Int)] {
        let all = everyView
        let first = turn.withLock { turn in
            defer { turn = turn + Registry.inTurn < all.count ? turn + Registry.inTurn : 0 }
            return min(turn, all.count)
        }
        return Array(all[first...].prefix(Registry.inTurn))
    }

    private var everyView: [(vnode: String, number: Int)] {
        vnodes.flatMap { vnode in vnode.viewNumbers.map { (vnode.record.name, $0) } }
    }

    func refreshAll() { refresh(everyView) }

    /// Looks at the limits of views again and has the kernel forget what they changed.
    ///
    /// That may have to wait for a sandbox (a directory that is being listed into memory of the sandbox's own choosing): a vNode
    /// has a thread of its own for it, for as long as there is something to tell, so that none waits for another's.
    ///
    /// Whether anything has changed.
    @discardableResult func refresh(_ views: [(vnode: String, number: Int)]) -> Bool {
        var hasChanged = false
        for wanted in views {
            guard let vnode = try? vnode(wanted.vnode), let view = try? vnode.view(wanted.number), let change = view.refresh() else {
                continue
            }
            hasChanged = true
            if telling.withLock({ $0.note(wanted.vnode, view: wanted.number, before: change.before) }) { startTelling(wanted.vnode) }
        }
        return hasChanged
    }

    /// Starts the threads that could not be started when there was something to tell.
    func tellAgain() { for name in telling.withLock({ $0.waiting() }) { startTelling(name) } }

    private func startTelling(_ name: String) {
        do throws(Errno) { try Threads.start(stack: 256 << 10) { [self] in tell(name) } } catch {
            log.error("telling the kernel of changed limits: \(error)", metadata: ["vnode": "\(name)"])
            telling.withLock { $0.failed(name) }
        }
    }

    private func tell(_ name: String) {
        while true {
            let changed = telling.withLock { $0.take(name) }
            if changed.isEmpty { return }
            for (number, before) in changed { tell(name, number, before) }
            // Who changes limits without end gets a line for each of these, not for each change.
            usleep(50_000)
        }
    }

    private func tell(_ name: String, _ number: Int, _ before: Extent) {
        guard let served = served.withLock({ $0[name] }), let view = try? served.vnode.view(number) else { return }
        let now = view.extent
        log.info("what is visible changed", metadata: ["vnode": "\(name)", "view": "\(view.record.name)", "cpus": "\(now.cpus.list)"])
        for slot in served.files {
            if let connection = slot.connection { Invalidation.changed(view, from: before, to: now, on: connection) }
        }
        view.settle(now)
    }
}
