/// What names the node, or something on it.
public struct Identifier: Sendable, Hashable {
    /// `boot id`, `serial of vda`
    public let name: String
    public let value: String

    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

/// Finds identifiers in contents, whole: not as a part of a longer word.
public struct IdentifierSearch: Sendable {
    private let identifiers: [(identifier: Identifier, bytes: [UInt8])]
    /// By the first four bytes, one bit each: most places of a content begin none.
    private var starts: [UInt32: [Int]] = [:]
    /// Names too short to be looked for within a text: only a line that is nothing else is one.
    private let short: [(identifier: Identifier, bytes: [UInt8])]

    static let shortest = 4

    public init(_ identifiers: [Identifier]) {
        var seen: Set<String> = []
        let lowered = identifiers.map { ($0, Array($0.value.lowercased().utf8)) }.filter {
            !$0.1.isEmpty && seen.insert($0.0.value.lowercased()).inserted
        }
        self.identifiers = lowered.filter { $0.1.count >= IdentifierSearch.shortest }
        short = lowered.filter { $0.1.count < IdentifierSearch.shortest && $0.1.count > 1 }
        for (index, (_, bytes)) in self.identifiers.enumerated() { starts[IdentifierSearch.start(bytes[0..<4]), default: []].append(index) }
    }

    /// Each once, in the order given.
    public func found(in content: [UInt8]) -> [Identifier] {
        let text = content.map { (0x41...0x5a).contains($0) ? $0 | 0x20 : $0 }
        var found: Set<Int> = []
        var at = 0
        while at + 4 <= text.count {
            if let candidates = starts[IdentifierSearch.start(text[at..<at + 4])] {
                for index in candidates where !found.contains(index) && matches(identifiers[index].bytes, text, at) { found.insert(index) }
            }
            at += 1
        }
        var list = found.sorted().map { identifiers[$0].identifier }
        if !short.isEmpty, content.count < 4096 {
            let lines = text.split(separator: 0x0a).map(Array.init)
            list += short.filter { lines.contains($0.bytes) }.map(\.identifier)
        }
        return list
    }

    private func matches(_ wanted: [UInt8], _ text: [UInt8], _ at: Int) -> Bool {
        guard text[at...].starts(with: wanted) else { return false }
        let end = at + wanted.count
        return (at == 0 || !isWord(text[at - 1])) && (end == text.count || !isWord(text[end]))
    }

    private func isWord(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte) || byte == 0x5f }

    private static func start(_ bytes: ArraySlice<UInt8>) -> UInt32 { bytes.reduce(0) { $0 << 8 | UInt32($1) } }
}
