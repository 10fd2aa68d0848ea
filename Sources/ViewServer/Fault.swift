import Control
import Glibc

/// What goes wrong on purpose, for the tests: `trap:/PATH`, `hang:/PATH`, `slow:/PATH:MILLISECONDS` while a file is rendered; `start`
/// ends and `kill` kills the worker before there is anything served; `begun:REQUEST`, `performed:REQUEST` and `answered:REQUEST` kill it
/// at that stage of a control request, `trap-control:REQUEST` and `hang-control:REQUEST` trap or hang where it is begun. With `@N` or
/// `@N-M` at its end only in workers of these generations. Several are separated by commas.
struct Fault: Sendable {
    private enum Kind {
        case trap, hang
        case slow(milliseconds: UInt32)
        case control(stage: String)
        case trapControl, hangControl
    }

    private let kind: Kind
    /// Or a request's name.
    private let path: String

    /// Set before there is a second thread.
    nonisolated(unsafe) private(set) static var armed: [Fault]?

    static func arm(_ specification: String, generation: UInt64) {
        for part in specification.split(separator: ",") {
            let halves = part.split(separator: "@", maxSplits: 1)
            let bounds = halves.dropFirst().first?.split(separator: "-").compactMap { UInt64($0) }
            if let bounds, let first = bounds.first, let last = bounds.last, generation < first || generation > last { continue }
            let words = halves.first?.split(separator: ":").map(String.init) ?? []
            switch (words.first, words.count) {
            case ("start", 1): exit(1)
            case ("kill", 1): raise(SIGKILL)
            case ("trap", 2): arm(.trap, words[1])
            case ("hang", 2): arm(.hang, words[1])
            case ("begun", 2), ("performed", 2), ("answered", 2): arm(.control(stage: words[0]), words[1])
            case ("trap-control", 2): arm(.trapControl, words[1])
            case ("hang-control", 2): arm(.hangControl, words[1])
            case ("slow", 3): arm(.slow(milliseconds: UInt32(words[2]) ?? 0), words[1])
            default: break
            }
        }
    }

    private static func arm(_ kind: Kind, _ path: String) { unsafe armed = unsafe (armed ?? []) + [Fault(kind: kind, path: path)] }

    func strike(_ path: String) {
        guard "/" + path == self.path else { return }
        switch kind {
        case .trap: fatalError("a fault on purpose")
        case .hang: while true { sleep(60) }
        case .slow(let milliseconds): usleep(milliseconds * 1000)
        case .control, .trapControl, .hangControl: break
        }
    }

    static func strike(_ stage: String, of request: Request) {
        for fault in unsafe armed ?? [] where request.name == fault.path {
            switch fault.kind {
            case .control(stage): raise(SIGKILL)
            case .trapControl where stage == "begun": fatalError("a fault on purpose")
            case .hangControl where stage == "begun": while true { sleep(60) }
            default: continue
            }
        }
    }
}
