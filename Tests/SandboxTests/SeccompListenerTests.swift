import Glibc
import Linux
import SystemPackage
import Testing

@testable import Sandbox

@Suite final class SeccompListenerTests {
    let directory = "/tmp/vnode-listener-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"

    init() throws { try Directories.make(directory) }

    deinit { try? Directories.removeTree(directory) }

    private func isReadable(_ descriptor: CInt) throws -> Bool { try Poll.readable([descriptor], milliseconds: 0) == [true] }

    private func connect() throws -> OwnedFD {
        let socket = try Sockets.stream()
        try Sockets.connect(socket, to: directory + "/seccomp.sock")
        return socket
    }

    /// What a step comes to.
    private func step(_ listener: inout SeccompListener) throws -> String {
        switch try listener.step() {
        case .connected: return "connected"
        case .sent: return "sent"
        case .left: return "left"
        }
    }

    /// crun connects before it starts the container, and sends when the container has its filter: how long that takes is nobody's.
    @Test func anEngineMaySendLongAfterItHasConnected() throws {
        var listener = try SeccompListener(below: directory)
        #expect(try !isReadable(listener.awaited))
        let engine = try connect()
        #expect(try isReadable(listener.awaited))
        #expect(try step(&listener) == "connected")
        #expect(try !isReadable(listener.awaited))
        let file = try Files.open("/dev/null", flags: O_RDONLY)
        try Sockets.send(Array("{}".utf8), descriptors: [file.raw], on: engine)
        #expect(try isReadable(listener.awaited))
        #expect(try step(&listener) == "sent")
        // What was connected is closed: it would be in the container's /proc/net/unix.
        var byte: UInt8 = 0
        #expect(unsafe recv(engine.raw, &byte, 1, 0) == 0)
        #expect(try !isReadable(listener.awaited))
    }

    @Test func anEngineMayLeave() throws {
        var listener = try SeccompListener(below: directory)
        let engine = try connect()
        #expect(try step(&listener) == "connected")
        _ = consume engine
        #expect(try isReadable(listener.awaited))
        #expect(try step(&listener) == "left")
        #expect(try !isReadable(listener.awaited))
    }

    @Test(arguments: [0, 2]) func otherThanOneIsAnError(_ count: Int) throws {
        var listener = try SeccompListener(below: directory)
        let engine = try connect()
        _ = try listener.step()
        let file = try Files.open("/dev/null", flags: O_RDONLY)
        try Sockets.send(Array("{}".utf8), descriptors: Array(repeating: file.raw, count: count), on: engine)
        var failure: Failure?
        do throws(Failure) { _ = try listener.step() } catch { failure = error }
        #expect(failure == Failure("taking the seccomp descriptor: \(directory)/seccomp.sock: the engine sent \(count)"))
    }
}
