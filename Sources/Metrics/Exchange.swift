public import Linux
import SystemPackage

/// One connection: a request, its answer, the end. Never waits, whatever the other side does.
public final class Exchange {
    public enum Next: Sendable, Equatable {
        case done, wantsRead, wantsWrite
    }

    /// How long the other side may be still, and how long an exchange may take, nanoseconds.
    static let patience: Int64 = 2_000_000_000
    static let longest: Int64 = 10_000_000_000
    /// Bytes read or written in one step: other connections, and the daemon's own work, take turns.
    private static let turn = 1 << 20

    private enum State {
        case reading
        case writing(head: [UInt8], body: [UInt8], sent: Int)
        /// Answered. What still comes is read until the other side closes: closing before would reset the connection, and
        /// with it what of the answer was not read yet.
        case lingering
        case done
    }

    public let socket: OwnedFD
    private var state = State.reading
    private var request: [UInt8] = []
    private let began: Int64
    private var moved: Int64

    /// Takes a connected socket and makes it non-blocking. `now` is CLOCK_MONOTONIC.
    public init(_ socket: consuming OwnedFD, now: Int64 = Clock.monotonic) throws(Errno) {
        try Streams.setNonBlocking(socket)
        self.socket = socket
        began = now
        moved = now
    }

    public func isOverdue(now: Int64 = Clock.monotonic) -> Bool { now - moved > Exchange.patience || now - began > Exchange.longest }

    /// Goes on as far as it can without waiting. `report` is asked for once, when the request turns out to be for it.
    public func step(now: Int64 = Clock.monotonic, report: () -> [UInt8]) -> Next {
        if isOverdue(now: now) { state = .done }
        var left = Exchange.turn
        while left > 0 {
            do throws(Errno) {
                switch state {
                case .done: return .done
                case .reading:
                    let bytes = try Streams.read(socket, most: 4096)
                    if bytes.isEmpty { state = .done } else { take(bytes, report) }
                    left -= 4096
                case .lingering:
                    if try Streams.read(socket, most: 4096).isEmpty { state = .done }
                    left -= 4096
                    // Who keeps sending does not keep the connection.
                    continue
                case .writing(let head, let body, let sent):
                    let size =
                        sent < head.count
                        ? try Streams.write(head, from: sent, most: left, to: socket)
                        : try Streams.write(body, from: sent - head.count, most: left, to: socket)
                    left -= size
                    if sent + size >= head.count + body.count {
                        Streams.endWriting(socket)
                        state = .lingering
                    } else {
                        state = .writing(head: head, body: body, sent: sent + size)
                    }
                }
                moved = now
            } catch {
                switch error {
                case .wouldBlock: return wanted
                case .interrupted: break
                default: state = .done
                }
            }
        }
        return wanted
    }

    private var wanted: Next {
        switch state {
        case .reading, .lingering: .wantsRead
        case .writing: .wantsWrite
        case .done: .done
        }
    }

    private func take(_ bytes: [UInt8], _ report: () -> [UInt8]) {
        let before = request.count
        request += bytes
        guard let end = RequestHead.end(in: request, from: before), end <= RequestHead.longest else {
            if request.count > RequestHead.longest { answer("431 Request Header Fields Too Large") }
            return
        }
        guard let head = RequestHead(request[..<end]) else { return answer("400 Bad Request") }
        guard head.method == "GET" || head.method == "HEAD" else { return answer("405 Method Not Allowed", "Allow: GET, HEAD\r\n") }
        guard head.path == "/metrics" else { return answer("404 Not Found", withoutBody: head.method == "HEAD") }
        answer("200 OK", type: Report.prometheusType, body: report(), withoutBody: head.method == "HEAD")
    }

    /// Without a body of its own the status is the body.
    private func answer(
        _ status: String, _ fields: String = "", type: String = "text/plain; charset=utf-8", body: [UInt8]? = nil, withoutBody: Bool = false
    ) {
        request = []
        let body = body ?? Array((status.dropFirst(4) + "\n").utf8)
        let head = """
            HTTP/1.1 \(status)\r
            Content-Type: \(type)\r
            Content-Length: \(body.count)\r
            \(fields)Connection: close\r
            \r

            """
        state = .writing(head: Array(head.utf8), body: withoutBody ? [] : body, sent: 0)
    }
}
