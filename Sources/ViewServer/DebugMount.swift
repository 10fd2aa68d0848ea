import Control
import Glibc
public import Linux
public import Logging
import Readings
import SystemPackage
import Takeover

/// The whole tree of one view at any directory, for people.
public final class DebugMount {
    private let registry: Registry
    private let service: ControlService
    private let epoll: Epoll
    private let signals: OwnedFD
    private let timer: OwnedFD

    /// Serves `device`, mounted already. Must run before any other thread exists: signals are blocked here.
    public init(name: String, cgroup: String?, workers: Int, device: consuming OwnedFD, log: Logger) throws {
        epoll = try Epoll()
        signals = try Events.signals([SIGTERM, SIGINT, SIGHUP])
        timer = try Events.timer()
        let node = try NodeReadings()
        registry = try Registry(node: node, workers: workers, vault: Vault(SharedMemory()), log: log)
        service = try ControlService(registry: registry, log: log)
        let directory = cgroup ?? node.cgroupRoot
        let bootID = String(decoding: try Files.read("/proc/sys/kernel/random/uuid").prefix { $0 != 0x0a }, as: UTF8.self)
        let record = VNodeRecord(
            name: name, uidBase: 0, startedAt: 0, hostname: name, bootID: bootID, cgroup: directory, initPID: getpid())
        try registry.addWhole(record, view: ViewRecord(name: name, cgroup: directory), on: device)
        for view in registry.vnodes.flatMap(\.all) { service.limits.add(view, of: name) }
        try epoll.add(signals.raw, key: 1)
        try epoll.add(timer.raw, key: 2)
        try epoll.add(service.limits.descriptor.raw, key: 3)
        try Events.setTimer(timer, milliseconds: 5000)
        try registry.start()
    }

    /// Serves until SIGINT, SIGTERM or SIGHUP.
    public func run() {
        while true {
            switch epoll.wait() {
            case 1: return
            case 2:
                Events.drain(timer)
                registry.sampleLoads()
                registry.refreshUnasked()
            case 3: registry.refresh(service.limits.changed().map { ($0.vnode, $0.view) })
            default: continue
            }
        }
    }
}
