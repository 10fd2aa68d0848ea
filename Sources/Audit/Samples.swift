/// One reading of a file on both sides: on the node before and after, so that a number of the container's that is one of the node's
/// lies between.
public struct Sample: Sendable {
    public let before: [UInt8]?
    public let inside: [UInt8]
    public let after: [UInt8]?
    /// Seconds on the auditor's clock, just before the reading inside and just after.
    public let time: Double
    public let end: Double

    public init(before: [UInt8]?, inside: [UInt8], after: [UInt8]?, time: Double, end: Double? = nil) {
        self.before = before
        self.inside = inside
        self.after = after
        self.time = time
        self.end = end ?? time
    }

    /// The node had the very same, but for a sign: that is how a network namespace shows the size of a table it shares.
    var isEqual: Bool {
        if before == inside || after == inside { return true }
        guard inside.first == 0x2d, inside.count < 32, let after else { return false }
        return inside.dropFirst().elementsEqual(after)
    }
}

/// The samples of every file that can be read inside.
public struct Samples: Sendable {
    public private(set) var files: [String: [Sample]] = [:]
    public private(set) var gaps: [String] = []
    private var kept = 0

    /// Reads everything twice, and what moved on both sides `more` times again.
    public init(
        of walk: Walk, inside: any TreeSource, node: any TreeSource, more: Int = 3, now: () -> Double, pause: (Double) -> Void,
        progress: (String, Int, Int) -> Void = { _, _, _ in }
    ) {
        let paths = walk.found.filter { $0.unread == nil }.map(\.path)
        for round in 0..<2 + more {
            let wanted = round == 0 ? paths : round == 1 ? paths.filter { files[$0] != nil } : paths.filter(moves)
            if round > 0, !wanted.isEmpty { pause(1) }
            for (index, path) in wanted.enumerated() {
                if index.isMultiple(of: 64) { progress("sample \(round + 1)", index, wanted.count) }
                guard let sample = take(path, inside: inside, node: node, now: now, isFirst: round == 0) else { continue }
                files[path, default: []].append(sample)
            }
        }
    }

    /// Samples made elsewhere.
    public init(files: [String: [Sample]]) { self.files = files }

    private func moves(_ path: String) -> Bool {
        guard let samples = files[path], samples.count > 1, let first = samples.first, let last = samples.last else { return false }
        return first.inside != last.inside && first.before != last.after
    }

    private mutating func take(
        _ path: String, inside: any TreeSource, node: any TreeSource, now: () -> Double, isFirst: Bool
    ) -> Sample? {
        guard kept < Bounds.contents else {
            if gaps.last?.hasPrefix("more than") != true {
                gaps.append("more than \(Bounds.contents >> 20) MiB of content: the rest is left out")
            }
            return nil
        }
        // Only of what turned out to be readable inside is anything read on the node.
        if isFirst, !isReadable(path, inside) { return nil }
        let isCompared = !Process.isOwn(path)
        let before = isCompared ? node.read(path).bytes : nil
        let time = now()
        let content = inside.read(path)
        let end = now()
        guard let bytes = content.bytes else { return nil }
        kept += bytes.count
        // Equal contents are kept once.
        let shared = files[path]?.last.map { $0.inside == bytes ? $0.inside : bytes } ?? bytes
        let after = isCompared ? node.read(path).bytes : nil
        return Sample(
            before: before == shared ? shared : before, inside: shared, after: after == shared ? shared : after, time: time, end: end)
    }

    private mutating func isReadable(_ path: String, _ inside: any TreeSource) -> Bool {
        let content = inside.read(path)
        if content == .hung { gaps.append("\(path): no answer in time") }
        return content.bytes != nil
    }
}
