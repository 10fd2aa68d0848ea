import Glibc
import Linux
import Testing

@Suite struct SocketNameTests {
    @Test func aSocketSaysWhereItListens() throws {
        let path = "/tmp/vnode-name-\(getpid()).sock"
        defer { _ = unsafe unlink(path) }
        let socket = try Sockets.seqPacket()
        #expect(SocketName(of: socket.raw) == nil)
        try Sockets.listen(socket, at: path)
        #expect(SocketName(of: socket.raw) == .unix(path: path))
        let stream = try Streams.listen(loopback: [127, 0, 0, 1], port: 0)
        guard case .internet([127, 0, 0, 1], let port)? = SocketName(of: stream.raw) else {
            Issue.record("another name")
            return
        }
        #expect(port > 0)
        #expect(SocketName(of: -1) == nil)
    }
}
