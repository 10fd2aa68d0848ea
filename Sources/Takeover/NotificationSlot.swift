import CLinux
import Glibc
import Linux
public import SystemPackage

/// A place for one system call that waits for an answer (struct seccomp_notif). It is received straight into it, so that whoever comes
/// after a death finds it: the kernel tells of each only once.
@safe public struct NotificationSlot: Sendable {
    static let start = 3 << 19
    static let size = 256
    public static let most = (SharedMemory.records - start) / size

    private enum Field {
        static let id = 0
        static let caller = 8
        static let number = 16
        static let audit = 20
        static let arguments = 32
        static let listener = 128
        static let blame = 136
        static let helper = 140
        static let isBegun = 144
    }

    private let memory: SharedMemory
    private let offset: Int
    public let number: Int

    public static func all(_ memory: SharedMemory) -> [NotificationSlot] { (0..<most).map { NotificationSlot(memory, $0) } }

    public init(_ memory: SharedMemory, _ number: Int) {
        self.memory = memory
        self.number = min(max(0, number), NotificationSlot.most - 1)
        offset = NotificationSlot.start + self.number * NotificationSlot.size
    }

    /// Receives a call that waits at `listener`. ENOENT when it has been given up meanwhile.
    public func receive(from listener: CInt, serial: UInt64) throws(Errno) {
        memory.store64(offset + Field.listener, serial)
        memory.store32(offset + Field.blame, 0)
        memory.store32(offset + Field.isBegun, 0)
        memory.store32(offset + Field.helper, 0)
        for at in stride(from: 0, to: Field.listener, by: 8) { memory.store64(offset + at, 0) }
        while unsafe clinux_notification_receive(listener, memory.at(offset)) < 0 {
            let error = Errno(rawValue: errno)
            if error == .interrupted { continue }
            memory.store64(offset + Field.id, 0)
            throw error
        }
    }

    /// It is answered.
    public func end() { memory.store64(offset + Field.id, 0) }

    public var isInFlight: Bool { memory.load64(offset + Field.id) != 0 }

    public var id: UInt64 { memory.load64(offset + Field.id) }
    /// Thread that calls, as the worker's PID namespace numbers it.
    public var caller: Int32 { Int32(bitPattern: memory.load32(offset + Field.caller)) }
    public var call: UInt32 { memory.load32(offset + Field.number) }
    public var audit: UInt32 { memory.load32(offset + Field.audit) }
    public func argument(_ index: Int) -> UInt64 { memory.load64(offset + Field.arguments + 8 * min(max(0, index), 5)) }

    /// The listener it came by.
    public var listener: UInt64 { memory.load64(offset + Field.listener) }

    /// Parts of workers' deaths this call may be to blame for.
    public var blame: UInt32 {
        get { memory.load32(offset + Field.blame) }
        nonmutating set { memory.store32(offset + Field.blame, newValue) }
    }

    /// A worker has begun with it: a death from now on may be its doing.
    public var isBegun: Bool {
        get { memory.load32(offset + Field.isBegun) != 0 }
        nonmutating set { memory.store32(offset + Field.isBegun, newValue ? 1 : 0) }
    }

    // MARK: Helpers

    /// Of the memory the slot is in, for a helper.
    public var memoryDescriptor: CInt { memory.descriptor.raw }

    // What a helper does cannot be done twice. Which of them does it is decided by one word: the attempt, and whether its helper has
    // begun with that part. 0: there has been none.

    /// A new helper may be started; who was started before will not act any more. nil when one has begun to.
    public func nextAttempt() -> UInt32? {
        let old = memory.load32(offset + Field.helper)
        guard old & 1 == 0 else { return nil }
        let new = old &+ 2
        return unsafe clinux_exchange32(memory.at(offset + Field.helper), old, new) != 0 ? new : nil
    }

    /// Called by a helper before it acts: from now on no other will. False when another one shall.
    public func begin(attempt: UInt32) -> Bool {
        unsafe clinux_exchange32(memory.at(offset + Field.helper), attempt, attempt | 1) != 0
    }

    /// The helper that had begun is gone without an answer.
    public func giveUpAttempts() { memory.store32(offset + Field.helper, 0) }
}
