import Glibc
import Linux
import SystemPackage

/// One thing root of a container may try, and what is to come of it.
struct Attack: Sendable {
    enum Place: Sendable {
        /// A mount namespace of its own, so that it does not disturb the next.
        case copy
        /// As the container has it.
        case container
    }

    let name: String
    let family: String
    let mechanism: Mechanism
    /// What answers when a system call filter is in force.
    let filtered: Mechanism?
    /// Refusals that are as they should be; empty: any.
    let errors: [CInt]
    let place: Place
    let run: @Sendable (Scene) throws -> Finding

    init(
        _ name: String, _ family: String, _ mechanism: Mechanism, _ errors: [CInt] = [], filtered: Mechanism? = nil,
        in place: Place = .copy,
        _ run: @escaping @Sendable (Scene) throws -> Finding
    ) {
        self.name = name
        self.family = family
        self.mechanism = mechanism
        self.filtered = filtered
        self.errors = errors
        self.place = place
        self.run = run
    }

    static let all =
        sight + covers + propagation + freshProc + freshTrees + fileSystems + writes + others + foreign + namespaces + mountCalls
        + handles + shared + sockets + cgroups + kernel + devices + emulated + reveals

    /// Whether a finding is one that was to be.
    func isExpected(_ finding: Finding, isFiltered: Bool) -> Bool {
        switch finding {
        case .refused(_, let error):
            errors.isEmpty || errors.contains(error) || (isFiltered && filtered != nil && [EPERM, ENOSYS, EACCES, EINVAL].contains(error))
        case .contained: !(isFiltered && mechanism == .filter)
        case .unavailable: true
        case .breached, .unanswered: false
        }
    }

    /// In a process of its own.
    func attempt(_ scene: Scene, seconds: Int = Attempt.patience) -> Finding {
        Attempt.run(seconds: seconds) {
            if place == .copy {
                do throws(Refused) { try Kernel.unshare(.mount) } catch {
                    return .unavailable("no mount namespace of its own: \(error.error.name)")
                }
            }
            return Attempt.finding { try run(scene) }
        }
    }
}

/// Runs something in a child and takes its word, or its end, for an answer.
enum Attempt {
    /// Seconds an attack may take, on a machine that is emulated and busy.
    static let patience = 120

    static func finding(_ body: () throws -> Finding) -> Finding {
        do { return try body() } catch let refused as Refused {
            return .refused(call: refused.call, error: refused.error.rawValue)
        } catch let error as Errno {
            return .refused(call: "a call", error: error.rawValue)
        } catch {
            return .unavailable("\(error)")
        }
    }

    static func run(seconds: Int, _ body: () -> Finding) -> Finding {
        guard let ends = try? Processes.pipe() else { return .unavailable("no pipe") }
        let reading = OwnedFD(taking: ends.reading)
        let child: Int32
        do {
            child = try Child.fork {
                _ = close(ends.reading)
                setpgid(0, 0)
                send(body(), to: ends.writing)
                return 0
            }
        } catch {
            _ = close(ends.writing)
            return .unavailable("no process: \(error.name)")
        }
        _ = close(ends.writing)
        let isReady = (try? Poll.readable([reading.raw], milliseconds: CInt(clamping: seconds * 1000))) == [true]
        if !isReady { kill(-child, SIGKILL) }
        let line = isReady ? read(reading) : nil
        let ending = try? Processes.wait(child)
        // What it has started and not waited for.
        kill(-child, SIGKILL)
        if let line, let found = Finding(line: Substring(line)) { return found }
        if !isReady { return .unanswered("in \(seconds) s") }
        let status = ending?.status ?? 0
        if status == 128 + SIGSYS { return .refused(call: "killed by the filter", error: ENOSYS) }
        return .unavailable("ended with status \(status)")
    }

    private static func send(_ finding: Finding, to pipe: CInt) {
        let bytes = Array(finding.line.utf8)
        _ = unsafe bytes.withUnsafeBytes { unsafe write(pipe, $0.baseAddress, $0.count) }
    }

    private static func read(_ pipe: borrowing OwnedFD) -> String? {
        var bytes = [UInt8](repeating: 0, count: 1024)
        let raw = pipe.raw
        let size = unsafe bytes.withUnsafeMutableBytes { unsafe Glibc.read(raw, $0.baseAddress, $0.count) }
        return size > 0 ? String(decoding: bytes.prefix(size), as: UTF8.self) : nil
    }
}
