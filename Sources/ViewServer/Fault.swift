import Glibc

/// What goes wrong on purpose, for the tests: `trap:/PATH`, `hang:/PATH`, `slow:/PATH:MILLISECONDS` while a file is rendered, `start`
/// before there is anything served. With `@N` at its end only in the worker of that generation.
struct Fault: Sendable {
    private enum Kind {
        case trap, hang
        case slow(milliseconds: UInt32)
    }

    private let kind: Kind
    private let path: String

    /// Set before there is a second thread.
    nonisolated(unsafe) private(set) static var armed: Fault?

    static func arm(_ specification: String, generation: UInt64) {
        let parts = specification.split(separator: "@", maxSplits: 1)
        if parts.count == 2, UInt64(parts[1]) != generation { return }
        let words = parts.first?.split(separator: ":").map(String.init) ?? []
        switch (words.first, words.count) {
        case ("start", 1): exit(1)
        case ("trap", 2): unsafe armed = Fault(kind: .trap, path: words[1])
        case ("hang", 2): unsafe armed = Fault(kind: .hang, path: words[1])
        case ("slow", 3): unsafe armed = UInt32(words[2]).map { Fault(kind: .slow(milliseconds: $0), path: words[1]) }
        default: break
        }
    }

    func strike(_ path: String) {
        guard "/" + path == self.path else { return }
        switch kind {
        case .trap: fatalError("a fault on purpose")
        case .hang: while true { sleep(60) }
        case .slow(let milliseconds): usleep(milliseconds * 1000)
        }
    }
}
