import Glibc
import Linux
import Logging
import SystemPackage

/// What every worker is given, kept a second time by the service manager where there is one.
struct HeldDescriptors: ~Copyable {
    private struct Held {
        let descriptor: CInt
        /// Of the FUSE connection behind it; 0 for what is none. Minor device numbers have 20 bits.
        let minor: UInt32
        var isStored = false

        init(descriptor: CInt, connection: UInt64, isStored: Bool = false) {
            self.descriptor = descriptor
            minor = UInt32(truncatingIfNeeded: connection)
            self.isStored = isStored
        }

        var connection: UInt64 { UInt64(minor) }
    }

    private var held: [UInt64: Held] = [:]
    let manager: ServiceManager?
    let log: Logger

    init(_ manager: consuming ServiceManager?, log: Logger) {
        self.manager = manager
        self.log = log
    }

    /// What a service manager has kept of a supervisor before, and the memory among it, which is not held yet.
    mutating func recover() -> OwnedFD? {
        var memory: OwnedFD?
        for stored in ServiceManager.stored() {
            if stored.key == HeldKey.memory.raw {
                memory = OwnedFD(taking: stored.descriptor)
            } else {
                held[stored.key] = Held(descriptor: stored.descriptor, connection: stored.connection, isStored: true)
            }
        }
        return memory
    }

    /// That it cannot be used.
    func forgetMemory() { manager?.forget(HeldKey.memory.raw, connection: 0) }

    var keys: [UInt64] { Array(held.keys) }

    var count: Int { held.count }

    /// Whether a service manager has any of them.
    var isStored: Bool { held.values.contains(where: \.isStored) }

    func descriptor(_ key: UInt64) -> CInt? { held[key]?.descriptor }

    /// Minor device number of a FUSE connection (fusectl); nil for what is none.
    func connection(_ key: UInt64) -> UInt64? { held[key].flatMap { $0.connection == 0 ? nil : $0.connection } }

    mutating func hold(_ key: UInt64, _ descriptor: consuming OwnedFD, connection: UInt64) {
        release(key)
        var entry = Held(descriptor: descriptor.release(), connection: connection)
        if let stored = manager?.store(key, connection: connection, entry.descriptor) {
            entry.isStored = stored
            if !stored { log.warning("the service manager does not take a descriptor") }
        }
        held[key] = entry
    }

    mutating func release(_ key: UInt64) {
        guard let gone = held.removeValue(forKey: key) else { return }
        if gone.isStored { manager?.forget(key, connection: gone.connection) }
        _ = close(gone.descriptor)
    }
}
