import CFuse3
import Glibc
import Linux
import SystemPackage
import Takeover

@testable import FuseKit

/// A file system on a connection whose kernel is the harness. Nothing else here knows how FuseKit takes a request.
@safe final class Wire {
    let connection: Connection
    private let kernel: OwnedFD
    private let slot: RequestSlot
    private let reply = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 17, alignment: 4096)

    init(_ files: any FileSystem, memory: SharedMemory) throws(Errno) {
        var ends: [CInt] = [-1, -1]
        _ = try check(unsafe socketpair(AF_UNIX, CInt(SOCK_SEQPACKET.rawValue), 0, &ends))
        kernel = OwnedFD(taking: ends[0])
        connection = try Connection(OwnedFD(taking: ends[1]), key: 1, serving: files)
        slot = RequestSlot(memory, 0)
    }

    deinit { unsafe reply.deallocate() }

    /// Longest request there is room for.
    static let longest = RequestSlot.requestSize

    /// Has one request answered; everything that was written meanwhile, replies and notifications.
    func exchange(_ bytes: [UInt8]) -> [[UInt8]] {
        slot.begin(connection: 1)
        let request = unsafe slot.buffer
        _ = unsafe request.initializeMemory(as: UInt8.self, repeating: 0)
        unsafe request.copyBytes(from: bytes.prefix(request.count))
        connection.handle(slot)
        var written: [[UInt8]] = []
        while let next = receive() { written.append(next) }
        return written
    }

    private func receive() -> [UInt8]? {
        let size = unsafe recv(kernel.raw, reply.baseAddress, reply.count, CInt(MSG_DONTWAIT))
        return size > 0 ? unsafe Array(reply.prefix(size)) : nil
    }

    /// What libfuse has to say about bad requests would be most of the output.
    static func silence() { unsafe fuse_set_log_func { _, _, _ in } }
}
