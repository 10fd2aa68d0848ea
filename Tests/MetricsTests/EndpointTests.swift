import Glibc
import Linux
import SystemPackage
import Testing

@testable import Metrics

@Suite struct AddressTests {
    @Test(arguments: ["unix:/run/vnode/metrics.sock", "127.0.0.1:9100", "127.3.2.1:1", "[::1]:65535", "[0:0:0:0:0:0:0:1]:9"])
    func loopbackAndPathsAreTaken(text: String) throws { #expect(try MetricsAddress.parse(text).description == text) }

    @Test(arguments: [
        "0.0.0.0:9100", ":9100", "*:9100", "10.0.0.1:9100", "[::]:9100", "[fe80::1]:9100", "[::ffff:127.0.0.1]:9100", "::1:9100",
        "[127.0.0.1]:9100", "localhost:9100", "127.1:9100", "127.0.0.1\u{0}:9100", "[]:9100", "[:9100", "0127.0.0.1:80",
    ])
    func whatIsNotLoopbackIsRefusedByName(text: String) {
        let error = #expect(throws: MetricsError.self) { try MetricsAddress.parse(text) }
        #expect(error?.description.contains("not a loopback address") == true)
    }

    @Test(arguments: [
        "", "9100", "unix:", "unix:relative", "unix:/", "unix:/a/", "unix:/a\u{0}b", "unix:/" + String(repeating: "a", count: 107),
        "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:+80", "127.0.0.1:-1", "127.0.0.1:8o", "[::1]", "[::1]:",
        "127.0.0.1:99999999999999999999999",
    ])
    func whatIsNoAddressIsRefused(text: String) { #expect(throws: MetricsError.self) { try MetricsAddress.parse(text) } }
}

@Suite struct RequestHeadTests {
    private func parse(_ text: String) -> RequestHead? { RequestHead(Array(text.utf8)[...]) }

    @Test func whatScrapersSendIsUnderstood() {
        let text = "GET /metrics HTTP/1.1\r\nHost: localhost:9100\r\nAccept: text/plain;version=0.0.4;q=0.5,*/*;q=0.1\r\n\r\n"
        #expect(parse(text)?.method == "GET")
        #expect(parse(text)?.path == "/metrics")
        #expect(RequestHead.end(in: Array(text.utf8), from: 0) == text.utf8.count)
        #expect(parse("HEAD /metrics?a=b HTTP/1.0\n\n")?.path == "/metrics")
        #expect(parse("GET http://host:1/metrics HTTP/1.1\r\n\r\n")?.path == "/metrics")
        #expect(parse("OPTIONS * HTTP/1.1\r\n\r\n")?.method == "OPTIONS")
    }

    @Test(arguments: [
        "", "\r\n\r\n", "GET\r\n\r\n", "GET /metrics\r\n\r\n", "GET  /metrics HTTP/1.1\r\n\r\n", "GET /metrics HTTP/1.1 \r\n\r\n",
        " GET /metrics HTTP/1.1\r\n\r\n", "GET metrics HTTP/1.1\r\n\r\n", "GET http://host HTTP/1.1\r\n\r\n",
        "G(T /metrics HTTP/1.1\r\n\r\n",
        "GET /metrics HTTP/2.0\r\n\r\n", "GET /metrics HTTP/1.x\r\n\r\n", "GET /metrics HTTP/1.10\r\n\r\n", "GET /a\u{1}b HTTP/1.1\r\n\r\n",
        "GET /\u{fc} HTTP/1.1\r\n\r\n", "GET /metrics HTTP/1.1\r\nHost\r\n\r\n", "GET /metrics HTTP/1.1\r\n: a\r\n\r\n",
        "GET /metrics HTTP/1.1\r\na: b\r\n c\r\n\r\n", "GET /metrics HTTP/1.1\r\na : b\r\n\r\n",
        "GET /metrics HTTP/1.1\r\na: \u{0}\r\n\r\n",
        "GET /metrics HTTP/1.1\r\na: b\rc\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\n\n",
    ])
    func garbageIsNoRequest(text: String) { #expect(parse(text) == nil) }

    @Test func theEndIsFoundHoweverItArrives() {
        let bytes = Array("GET / HTTP/1.1\r\nA: b\r\n\r\nbody".utf8)
        for cut in 0...bytes.count {
            let part = Array(bytes[..<cut])
            #expect(RequestHead.end(in: part, from: 0) == (cut >= 24 ? 24 : nil))
            #expect(RequestHead.end(in: bytes, from: min(cut, 23)) == 24)
        }
        #expect(RequestHead.end(in: [], from: 0) == nil)
    }

    @Test func anyBytesAreReadWithoutATrap() {
        var random = SystemRandomNumberGenerator()
        let alphabet = Array("GET /metrics HTTP/1.1\r\n\r\n: \u{0}\u{ff}".utf8)
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in alphabet.randomElement(using: &random) ?? 0 }
            if let end = RequestHead.end(in: bytes, from: 0) { _ = RequestHead(bytes[..<end]) }
        }
    }
}

/// The server's exchange and the client's end of one connection.
private struct Pair: ~Copyable {
    let exchange: Exchange
    let client: OwnedFD

    init(now: Int64 = 0) throws {
        var ends: [CInt] = [-1, -1]
        _ = try check(unsafe socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends))
        let far = OwnedFD(taking: ends[1])
        try Streams.setNonBlocking(far)
        exchange = try Exchange(OwnedFD(taking: ends[0]), now: now)
        client = far
    }

    func send(_ text: String) throws { _ = try Streams.write(Array(text.utf8), from: 0, most: .max, to: client) }

    /// Steps until nothing more happens; what the client got, and what the exchange waits for then.
    func finish(now: Int64 = 0, _ report: [UInt8] = Array("x 1\n".utf8)) -> (String, Exchange.Next) {
        var got: [UInt8] = []
        while true {
            let next = exchange.step(now: now) { report }
            let bytes = (try? Streams.read(client, most: 1 << 20)) ?? []
            got += bytes
            if bytes.isEmpty { return (String(decoding: got, as: UTF8.self), next) }
        }
    }
}

@Suite struct ExchangeTests {
    @Test func aScrapeIsAnsweredAndTheConnectionEnds() throws {
        let pair = try Pair()
        #expect(pair.exchange.step(now: 0) { [] } == .wantsRead)
        try pair.send("GET /metrics HTTP/1.1\r\nHost: a\r\n")
        #expect(pair.exchange.step(now: 0) { [] } == .wantsRead)
        try pair.send("\r\n")
        let (answer, next) = pair.finish()
        #expect(
            answer
                == "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: 4\r\nConnection: close\r\n\r\nx 1\n"
        )
        #expect(next == .wantsRead)
        Streams.endWriting(pair.client)
        #expect(pair.exchange.step(now: 0) { [] } == .done)
    }

    @Test func everyRequestGetsItsStatus() throws {
        let cases = [
            ("HEAD /metrics HTTP/1.1\r\n\r\n", "200 OK", ""), ("GET / HTTP/1.1\r\n\r\n", "404 Not Found", "Not Found\n"),
            ("HEAD /x HTTP/1.1\r\n\r\n", "404 Not Found", ""), ("GET /metrics/ HTTP/1.1\r\n\r\n", "404 Not Found", "Not Found\n"),
            ("POST /metrics HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", "405 Method Not Allowed", "Method Not Allowed\n"),
            ("nonsense\r\n\r\n", "400 Bad Request", "Bad Request\n"),
            (
                "GET /metrics HTTP/1.1\r\na: " + String(repeating: "b", count: 9000), "431 Request Header Fields Too Large",
                "Request Header Fields Too Large\n"
            ),
            (
                "GET /metrics HTTP/1.1\r\na: " + String(repeating: "b", count: 9000) + "\r\n\r\n", "431 Request Header Fields Too Large",
                "Request Header Fields Too Large\n"
            ),
        ]
        for (request, status, body) in cases {
            let pair = try Pair()
            try pair.send(request)
            let (answer, _) = pair.finish()
            #expect(answer.hasPrefix("HTTP/1.1 \(status)\r\n"))
            #expect(answer.hasSuffix("\r\nConnection: close\r\n\r\n" + body))
            #expect(answer.contains("\r\nAllow: GET, HEAD\r\n") == status.hasPrefix("405"))
        }
    }

    @Test func aLongReportGoesOutAsItIsRead() throws {
        let pair = try Pair()
        try pair.send("GET /metrics HTTP/1.1\r\n\r\n")
        let report = [UInt8](repeating: 0x61, count: 5 << 20)
        #expect(pair.exchange.step(now: 0) { report } == .wantsWrite)
        let (answer, next) = pair.finish(report)
        #expect(answer.utf8.count > report.count && answer.hasSuffix("\r\n\r\n" + String(decoding: report, as: UTF8.self)))
        #expect(next == .wantsRead)
    }

    @Test func whoIsStillOrSlowIsLeft() throws {
        let second: Int64 = 1_000_000_000
        let still = try Pair()
        #expect(still.finish(now: 2 * second).1 == .wantsRead)
        #expect(still.finish(now: 2 * second + 1).1 == .done)
        let slow = try Pair()
        for turn in 1...10 {
            try slow.send("a")
            #expect(slow.finish(now: Int64(turn) * second).1 == .wantsRead)
        }
        try slow.send("a")
        #expect(slow.finish(now: 10 * second + 1).1 == .done)
        // After the answer what still comes does not count as movement.
        let talker = try Pair()
        try talker.send("\n\n")
        #expect(talker.finish(now: 0).1 == .wantsRead)
        try talker.send("more")
        #expect(talker.finish(now: 2 * second).1 == .wantsRead)
        try talker.send("more")
        #expect(talker.finish(now: 2 * second + 1).1 == .done)
    }

    @Test func whoClosesEarlyEndsIt() throws {
        var ends: [CInt] = [-1, -1]
        _ = try check(unsafe socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends))
        let exchange = try Exchange(OwnedFD(taking: ends[0]), now: 0)
        let client = OwnedFD(taking: ends[1])
        _ = try Streams.write(Array("GET /metrics HTTP/1.1\r\n\r\n".utf8), from: 0, most: .max, to: client)
        _ = close(client.release())
        #expect(exchange.step(now: 0) { [UInt8](repeating: 0, count: 5 << 20) } == .done)
    }
}

@Suite struct EndpointTests {
    let base = "/tmp/vnode-test-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"

    private func connect(_ path: String) throws -> OwnedFD {
        let socket = try Streams.unix()
        try Sockets.connect(socket, to: path)
        try Sockets.setTimeouts(socket, seconds: 60)
        return socket
    }

    private func ask(_ socket: borrowing OwnedFD) throws {
        _ = try Streams.write(Array("GET /metrics HTTP/1.1\r\n\r\n".utf8), from: 0, most: .max, to: socket)
    }

    @Test func scrapesAreAnsweredAndThePathGoesAtTheEnd() throws {
        let path = base + "/metrics.sock"
        defer { try? Directories.removeTree(base) }
        let address = try MetricsAddress.parse("unix:" + path)
        var endpoint: MetricsEndpoint? = try MetricsEndpoint(address.listen())
        var status = stat()
        #expect(unsafe lstat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
        // A live one is not replaced.
        let error = #expect(throws: MetricsError.self) { _ = try address.listen() }
        #expect(error?.description.contains("somebody listens there already") == true)
        var scrapes = 0
        var renderings = 0
        // Rendered at most once a second: two of them are within one sooner or later.
        while scrapes < 3 || scrapes < 100 && renderings == scrapes {
            scrapes += 1
            let client = try connect(path)
            try ask(client)
            while try Poll.readable([client.raw], milliseconds: 0) == [false] {
                #expect(try Poll.readable([try #require(endpoint).descriptor], milliseconds: 60_000) == [true])
                endpoint?.handle {
                    renderings += 1
                    return Array("x 1\n".utf8)
                }
            }
            #expect(String(decoding: try Streams.read(client, most: 4096), as: UTF8.self).hasSuffix("\r\n\r\nx 1\n"))
        }
        #expect(renderings > 0 && renderings < scrapes)
        // Somebody listens: it stays.
        address.removePath()
        #expect(Directories.kind(path) == .other)
        endpoint = nil
        address.removePath()
        #expect(Directories.kind(path) == nil)
    }

    @Test func aStaleSocketIsReplacedAndWhatIsNoneIsNot() throws {
        let path = base + "/s"
        defer { try? Directories.removeTree(base) }
        let address = try MetricsAddress.parse("unix:" + path)
        _ = try address.listen()
        #expect(Directories.kind(path) == .other)
        _ = try address.listen()
        for make in [{ try Directories.make(path) }, { try Directories.link(path, to: "/etc/passwd") }] {
            _ = unsafe remove(path)
            try make()
            #expect(throws: MetricsError.self) { _ = try address.listen() }
            #expect(Directories.kind(path) != nil)
        }
    }

    @Test func at16ConnectionsTheNextOneWaits() throws {
        let path = base + "/s"
        defer { try? Directories.removeTree(base) }
        for attempt in 1...100 {
            let begin = ContinuousClock.now
            let endpoint = try MetricsEndpoint(try MetricsAddress.parse("unix:" + path).listen())
            var idle: [CInt] = []
            defer { for client in idle { _ = close(client) } }
            for _ in 0..<MetricsEndpoint.mostConnections {
                idle.append(try connect(path).release())
                endpoint.handle { [] }
            }
            let late = try connect(path)
            try ask(late)
            endpoint.handle { [] }
            let readable = try Poll.readable([endpoint.descriptor, late.raw], milliseconds: 0)
            // After a second it looks by itself for who is still.
            if ContinuousClock.now - begin > .milliseconds(900), attempt < 100 { continue }
            #expect(readable == [false, false])
            // One leaves, and its place is taken.
            _ = close(idle.removeLast())
            #expect(try Poll.readable([endpoint.descriptor], milliseconds: 60_000) == [true])
            for _ in 0..<3 { endpoint.handle { [] } }
            #expect(try Poll.readable([late.raw], milliseconds: 60_000) == [true])
            return
        }
    }

    @Test(arguments: [[127, 0, 0, 1], [UInt8](repeating: 0, count: 15) + [1]])
    func portsOfTheLoopbackCanBeListenedOn(address: [UInt8]) throws {
        let socket: OwnedFD
        do throws(Errno) { socket = try Streams.listen(loopback: address, port: 0) } catch {
            // A machine without IPv6.
            #expect(address.count == 16 && (error == .addressNotAvailable || error == .addressFamilyNotSupported))
            return
        }
        #expect(socket.raw >= 0)
    }

    @Test(arguments: [[0, 0, 0, 0], [10, 0, 0, 1], [UInt8](repeating: 0, count: 16), [], [127]] as [[UInt8]])
    func otherAddressesCannot(address: [UInt8]) {
        #expect(throws: Errno.addressNotAvailable) { _ = try Streams.listen(loopback: address, port: 0) }
    }
}

@Suite struct TransferTests {
    @Test func aReportTravelsAsASealedDescriptor() throws {
        var daemon = Report.Daemon(version: "1", started: 2)
        daemon.restarts = ["x": 1]
        let report = Report(daemon: daemon, files: [], vnodes: (0..<1000).map { Report.VNode(name: "v\($0)", files: []) })
        let file = try report.memfd()
        #expect(try Report(reading: file) == report)
        #expect(try Report(reading: file) == report)
        #expect(unsafe write(file.raw, "x", 1) == -1)
        #expect(ftruncate(file.raw, 0) == -1)
    }

    @Test func whatIsNoSealedReportIsRefused() throws {
        let null = try Files.open("/dev/null", flags: O_RDONLY)
        #expect(throws: MetricsError.self) { _ = try Report(reading: null) }
        let ends = try Processes.pipe()
        let reading = OwnedFD(taking: ends.reading)
        #expect(throws: MetricsError.self) { _ = try Report(reading: reading) }
        _ = close(ends.writing)
        let other = try SealedMemory.make(Array("{}".utf8), name: "x")
        #expect(throws: MetricsError.self) { _ = try Report(reading: other) }
        #expect(throws: Errno.fileTooLarge) { _ = try SealedMemory.read(other, limit: 1) }
    }
}
