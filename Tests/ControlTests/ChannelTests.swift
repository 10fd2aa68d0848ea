import Glibc
import Linux
import SystemPackage
import Testing

@testable import Control

/// Two ends of a control connection.
private struct Pair: ~Copyable {
    let near: Channel
    let far: Channel

    init() throws {
        var ends: [CInt] = [-1, -1]
        _ = try check(unsafe socketpair(AF_UNIX, CInt(SOCK_SEQPACKET.rawValue), 0, &ends))
        near = Channel(OwnedFD(taking: ends[0]))
        far = Channel(OwnedFD(taking: ends[1]))
    }

    /// What is left when the far end is closed.
    consuming func closingFar() -> Channel { near }
}

@Suite struct ChannelTests {
    static let record = VNodeRecord(
        name: "a", uidBase: 65536, startedAt: 12, hostname: "h", bootID: "b", cgroup: "/c", initPID: 3, affinity: "0-1")

    @Test(arguments: [
        Request.hello(version: 1), .addVNode(record), .addView(vnode: "a", ViewRecord(name: "v", cgroup: "/c/d"), isTied: true),
        .removeView(vnode: "a", number: 7), .removeVNode(name: "a"), .staging(vnode: "a"), .list,
        .metrics,
    ])
    func everyRequestArrivesAsItWasSent(request: Request) throws {
        let pair = try Pair()
        try pair.near.send(Asked(7, request))
        let (received, descriptors) = try #require(try pair.far.receive(Asked.self))
        #expect(received == Asked(7, request))
        #expect(descriptors.isEmpty)
    }

    @Test func descriptorsTravelInOrder() throws {
        let pair = try Pair()
        let first = try Files.open("/dev/null", flags: O_RDONLY)
        let second = try Files.open("/proc/version", flags: O_RDONLY)
        try pair.near.send(Asked(1, .list), descriptors: [first.raw, second.raw])
        let (_, received) = try #require(try pair.far.receive(Asked.self))
        try #require(received.count == 2)
        let files = [OwnedFD(taking: received[0]).release(), OwnedFD(taking: received[1]).release()]
        defer { for file in files { _ = close(file) } }
        var status = stat()
        #expect(unsafe fstat(files[0], &status) == 0 && status.st_mode & S_IFMT == S_IFCHR)
        #expect(unsafe fstat(files[1], &status) == 0 && status.st_mode & S_IFMT == S_IFREG)
    }

    @Test(arguments: [
        "", "{", "null", "[]", #"{"list":{}}"#, #"{"number":1}"#, #"{"number":1,"request":{"list":1}}"#,
        #"{"number":1,"request":{"addVNode":{}}}"#, #"{"number":1,"request":{"unknown":{}}}"#, #"{"number":-1,"request":{"list":{}}}"#,
        #"{"number":1.5,"request":{"list":{}}}"#, "\u{0}\u{1}\u{2}",
    ])
    func whatIsNoRequestIsRefusedAndItsDescriptorsAreClosed(text: String) throws {
        let pair = try Pair()
        var ends: [CInt] = [-1, -1]
        try #require(unsafe pipe(&ends) == 0)
        let reading = OwnedFD(taking: ends[0])
        try Sockets.send(Array(text.utf8) + [0x20], descriptors: [ends[1], ends[1]], on: pair.far.socket)
        _ = close(ends[1])
        #expect(throws: ControlError.self) { _ = try pair.near.receive(Asked.self) }
        // The end of the pipe shows that no writer is left.
        #expect(try Files.read(reading).isEmpty)
    }

    @Test func aMessageLongerThanTheLongestIsRefusedWhole() throws {
        let pair = try Pair()
        try Sockets.send([UInt8](repeating: 0x20, count: Channel.longest + 1), on: pair.far.socket)
        #expect(throws: ControlError.self) { _ = try pair.near.receive(Asked.self) }
    }

    @Test func aVNodeOfManyViewsIsToldInParts() throws {
        let views = (1...2000).map { ViewRecord(name: "exec-\($0)", cgroup: "/sys/fs/cgroup/vnode/a/c-exec-\($0)") }
        let parts = Response.vnodes(Self.record, views: views)
        let pair = try Pair()
        var told: [ViewRecord] = []
        for part in parts {
            try pair.near.send(part)
            guard case .vnode(Self.record, let some)? = try pair.far.receive(Response.self)?.0 else { return #expect(Bool(false)) }
            told += some
        }
        #expect(told == views)
        #expect(Response.vnodes(Self.record, views: []) == [.vnode(Self.record, views: [])])
    }

    @Test func aClosedConnectionIsTheEnd() throws {
        let pair = try Pair()
        try pair.far.send(Answered(1, part: 0, .done))
        var isClosed = pair.near.isClosed()
        #expect(!isClosed)
        let near = pair.closingFar()
        isClosed = near.isClosed()
        #expect(isClosed)
        #expect(try near.receive(Asked.self) == nil)
    }

    @Test func aFailureIsThrownToWhoAsked() throws {
        let pair = try Pair()
        try pair.far.send(Answered(1, part: 0, .failed(errno: Errno.fileExists.rawValue, message: "there is one")))
        let error = #expect(throws: ControlError.self) { _ = try pair.near.ask(.list) }
        #expect(error?.errno == .fileExists)
        #expect(error?.message == "there is one")
    }

    @Test func anAnswerThatComesTwiceIsHeardOnce() throws {
        let pair = try Pair()
        var ends: [CInt] = [-1, -1]
        try #require(unsafe pipe(&ends) == 0)
        let reading = OwnedFD(taking: ends[0])
        for _ in 1...2 { try pair.far.send(Answered(1, part: 0, .view(number: 1)), descriptors: [ends[1]]) }
        _ = close(ends[1])
        for part in [0, 1, 0, 1, 2] { try pair.far.send(Answered(2, part: part, .view(number: UInt32(10 + part)))) }
        let (first, descriptors) = try pair.near.ask(.list)
        for descriptor in descriptors { _ = close(descriptor) }
        #expect(first == .view(number: 1))
        var answers = [try pair.near.ask(.list).0]
        for _ in 1...2 { answers.append(try pair.near.answer().0) }
        #expect(answers == [.view(number: 10), .view(number: 11), .view(number: 12)])
        // The end of the pipe shows that no writer is left: neither the one that was heard nor the one that was not.
        #expect(try Files.read(reading).isEmpty)
    }

    @Test(arguments: [Answered(2, part: 0, .done), Answered(1, part: 1, .done)])
    func anAnswerToWhatNobodyAskedIsRefused(answer: Answered) throws {
        let pair = try Pair()
        try pair.far.send(answer)
        let error = #expect(throws: ControlError.self) { _ = try pair.near.ask(.list) }
        #expect(error?.errno == .protocolError)
    }
}
