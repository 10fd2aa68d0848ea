import Glibc
import Linux
import Synchronization
import SystemPackage
import Takeover
import Testing

@testable import FuseKit

/// Connections whose kernel is the test: a socket that keeps messages apart stands for /dev/fuse.
@Suite struct WorkersTests {
    private final class Flag: Sendable {
        private let value = Mutex(false)
        func set(_ new: Bool = true) { value.withLock { $0 = new } }
        func wait() { while !value.withLock({ $0 }) { usleep(1_000) } }
    }

    /// stat(2) of node 2 takes until it may go on.
    private final class Files: FileSystem {
        let (begun, goOn) = (Flag(), Flag())

        var isWithoutOpen: Bool { true }
        func attributes(of node: UInt64, handle: UInt64?, _ reply: consuming Reply) {
            if node == 2 {
                let standIn = Workers.standIn()
                begun.set()
                goOn.wait()
                withExtendedLifetime(standIn) {}
            }
            reply.error(.noSuchFileOrDirectory)
        }

        func negotiated(_ request: [UInt8]) {}
        func lookup(_ name: String, in parent: UInt64, _ reply: consuming Reply) { reply.error(.ioError) }
        func target(of symlink: UInt64, _ reply: consuming Reply) { reply.error(.ioError) }
        func open(_ node: UInt64, flags: Int32, _ slot: RequestSlot, _ reply: consuming Reply) { reply.error(.ioError) }
        func read(_ node: UInt64, handle: UInt64, offset: Int, size: Int, _ slot: RequestSlot, _ reply: consuming Reply) {
            reply.error(.ioError)
        }
        func write(
            _ node: UInt64, handle: UInt64, offset: Int, _ bytes: [UInt8], isAppending: Bool, _ slot: RequestSlot,
            _ reply: consuming Reply
        ) { reply.error(.ioError) }
        func change(_ node: UInt64, _ what: AttributeChange, _ reply: consuming Reply) { reply.error(.ioError) }
        func poll(_ node: UInt64, handle: UInt64, key: UInt64?, _ slot: RequestSlot) throws(Errno) -> PollEvents { .always }
        func release(_ node: UInt64, handle: UInt64, _ slot: RequestSlot) {}
        func entries(of directory: UInt64) throws(Errno) -> [DirectoryEntry] { [] }
    }

    private final class Kernel {
        let socket: OwnedFD
        let files: Files

        init(_ files: Files, key: UInt64, in workers: Workers) throws {
            var ends: [CInt] = [-1, -1]
            let type = CInt(SOCK_SEQPACKET.rawValue | SOCK_CLOEXEC.rawValue)
            _ = try check(unsafe ends.withUnsafeMutableBufferPointer { unsafe socketpair(AF_UNIX, type, 0, $0.baseAddress) })
            socket = OwnedFD(taking: ends[0])
            self.files = files
            // struct fuse_init_in of Linux 6.1: 7.38, and no flags.
            let wanted: [UInt32] = [7, 38, 131072] + Array(repeating: 0, count: 13)
            let message = Kernel.request(26, of: 0, unique: 1, wanted)
            let connection = try Connection(OwnedFD(taking: ends[1]), key: key, serving: files, negotiated: message)
            try workers.add(connection)
        }

        private static func request(_ opcode: UInt32, of node: UInt64, unique: UInt64, _ rest: [UInt32]) -> [UInt8] {
            let size = UInt32(40 + 4 * rest.count)
            let words =
                [size, opcode, UInt32(unique), UInt32(unique >> 32), UInt32(node), UInt32(node >> 32), 0, 0, 0, 0] + rest
            return words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
        }

        func stat(_ node: UInt64, unique: UInt64) throws {
            let message = Kernel.request(3, of: node, unique: unique, [0, 0, 0, 0])
            _ = try check(unsafe message.withUnsafeBytes { unsafe send(socket.raw, $0.baseAddress, $0.count, 0) })
        }

        /// The request that is answered next; nil when none is.
        func answered() throws -> UInt64? {
            guard try Poll.readable([socket.raw], milliseconds: 30_000) == [true] else { return nil }
            var answer = [UInt8](repeating: 0, count: 64)
            let size = try check(unsafe answer.withUnsafeMutableBytes { unsafe recv(socket.raw, $0.baseAddress, $0.count, 0) })
            guard size == 16 else { return nil }
            return (8..<16).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64(answer[$1]) }
        }
    }

    /// More often than there are slots.
    @Test func whoWaitsIsStoodInFor() throws {
        let workers = try Workers(count: 1, memory: SharedMemory()) { { _ in } }
        let (slow, other) = (try Kernel(Files(), key: 1, in: workers), try Kernel(Files(), key: 2, in: workers))
        try workers.start()
        defer { slow.files.goOn.set() }
        for round in 1...(SharedMemory.mostSlots + 10) as ClosedRange<Int> {
            slow.files.goOn.set(false)
            slow.files.begun.set(false)
            let unique = UInt64(10 * round)
            try slow.stat(2, unique: unique)
            slow.files.begun.wait()
            try other.stat(1, unique: unique + 1)
            try #require(try other.answered() == unique + 1, "another connection, round \(round)")
            try slow.stat(1, unique: unique + 2)
            try #require(try slow.answered() == unique + 2, "the same, round \(round)")
            slow.files.goOn.set()
            try #require(try slow.answered() == unique)
        }
    }
}
