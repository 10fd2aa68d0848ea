import CLinux
import Glibc
public import Linux
public import SystemPackage

/// Memory that outlives a worker: its requests under way and what its successor must know. The supervisor holds the descriptor.
///
/// A page of its own (`Header`), then the request slots, those of brokered system calls, then the records.
@safe public final class SharedMemory: @unchecked Sendable {
    /// Of addresses; pages nobody has written to cost nothing.
    static let size = 1 << 30
    static let slots = 4096
    public static let mostSlots = 64
    static let slotSize = 5 * 4096
    static let records = 2 << 20

    /// What both binaries of an upgrade must agree on: the layout of this memory and of the records in it, and the link's messages.
    public static let version: UInt32 = 3

    private static let addSeals: CInt = 1033
    /// F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW.
    private static let sealOfSize: CLong = 7

    public let descriptor: OwnedFD
    private let base: UnsafeMutableRawPointer

    private enum Header {
        static let version = 0
        static let top = 8
        static let serial = 16
        static let generation = 24
        static let controlSince = 32
    }

    /// New memory, all zero.
    public convenience init() throws(Errno) {
        let descriptor = OwnedFD(taking: try check(unsafe clinux_memfd("vnode-fs")))
        _ = try check(ftruncate(descriptor.raw, SharedMemory.size))
        // A worker that cut it off would take the supervisor with it (SIGBUS).
        _ = try check(clinux_fcntl(descriptor.raw, SharedMemory.addSeals, SharedMemory.sealOfSize))
        try self.init(descriptor)
        unsafe clinux_store32(at(Header.version), SharedMemory.version)
        top = SharedMemory.records
        unsafe clinux_store64(at(Header.serial), 16)
    }

    /// Memory made before. ENOTSUP when its layout is another version's.
    public convenience init(existing descriptor: consuming OwnedFD) throws(Errno) {
        var status = stat()
        _ = try check(unsafe fstat(descriptor.raw, &status))
        guard status.st_size == SharedMemory.size else { throw .invalidArgument }
        try self.init(descriptor)
        guard unsafe clinux_load32(at(Header.version)) == SharedMemory.version else { throw .notSupported }
    }

    private init(_ descriptor: consuming OwnedFD) throws(Errno) {
        let flags = MAP_SHARED | CInt(MAP_NORESERVE)
        let mapped = unsafe mmap(nil, SharedMemory.size, PROT_READ | PROT_WRITE, flags, descriptor.raw, 0)
        guard let mapped = unsafe mapped, unsafe mapped != MAP_FAILED else { throw Errno(rawValue: errno) }
        unsafe base = mapped
        self.descriptor = descriptor
    }

    deinit { _ = unsafe munmap(base, SharedMemory.size) }

    @unsafe func at(_ offset: Int) -> UnsafeMutableRawPointer {
        precondition(offset >= 0 && offset < SharedMemory.size)
        return unsafe base + offset
    }

    func load32(_ offset: Int) -> UInt32 { unsafe clinux_load32(at(offset)) }
    func load64(_ offset: Int) -> UInt64 { unsafe clinux_load64(at(offset)) }
    func store32(_ offset: Int, _ value: UInt32) { if lives() { unsafe clinux_store32(at(offset), value) } }
    func store64(_ offset: Int, _ value: UInt64) { if lives() { unsafe clinux_store64(at(offset), value) } }

    /// Stores left until none has an effect any more: what a process that dies between two instructions leaves. Tests only.
    private var storesLeft: Int?

    @inline(__always) private func lives() -> Bool {
        guard let left = storesLeft else { return true }
        storesLeft = max(0, left - 1)
        return left > 0
    }

    /// Where records have never been.
    var top: Int {
        get { Int(clamping: load64(Header.top)) }
        set { store64(Header.top, UInt64(newValue)) }
    }

    /// Bytes that have been used for records, at some time.
    public var usedBytes: Int { top - SharedMemory.records }

    /// Since when the worker's control thread has been at what it was woken for, CLOCK_MONOTONIC nanoseconds; 0: it waits.
    public var controlSince: Int64 {
        get { Int64(clamping: load64(Header.controlSince)) }
        set { store64(Header.controlSince, UInt64(clamping: newValue)) }
    }

    /// One more than the worker before had, also over the death of a supervisor.
    public func nextGeneration() -> UInt64 {
        let generation = load64(Header.generation) &+ 1
        store64(Header.generation, generation)
        return generation
    }

    /// A number never given before. Called by one thread.
    public func nextSerial() -> UInt64 {
        let serial = load64(Header.serial)
        store64(Header.serial, serial &+ 1)
        return serial
    }
}

extension SharedMemory {
    package convenience init(copying other: SharedMemory) throws(Errno) {
        try self.init()
        unsafe at(0).copyMemory(from: other.at(0), byteCount: other.top)
    }

    /// Puts words where the next record begins, as somebody might who has run wild.
    package static func ruin(_ memory: SharedMemory, words: [UInt32]) throws(Errno) {
        for (index, word) in words.enumerated() { memory.store32(memory.top + 4 * index, word) }
        memory.top += 128
    }

    package func dieAfter(stores: Int) { storesLeft = stores }
    package func revive() { storesLeft = nil }
    package var isDead: Bool { storesLeft == 0 }
}

/// A number in shared memory that lives as long as its record.
public struct Cell: Sendable {
    let memory: SharedMemory
    let offset: Int

    public var value: UInt64 {
        get { memory.load64(offset) }
        nonmutating set { memory.store64(offset, newValue) }
    }
}
