import NodeConfiguration

/// Edits of a containerd configuration as text: what an administrator wrote stays as it is, to the last comment.
public enum ContainerdText {
    /// `version = N` of the top level; nil when it is not said.
    public static func version(of text: String) -> Int? {
        for line in topLevel(of: text) {
            let parts = line.split(separator: "=", maxSplits: 1).map { words($0) }
            if parts.count == 2, parts[0] == "version" { return Int(parts[1].prefix(while: \.isNumber)) }
        }
        return nil
    }

    private static func words(_ text: Substring) -> String { text.split(whereSeparator: \.isWhitespace).joined(separator: " ") }

    /// What stands before the first table.
    private static func topLevel(of text: String) -> [String] {
        Array(Lines.of(text).prefix { !$0.drop(while: \.isWhitespace).hasPrefix("[") })
    }

    /// Whether something of ours is in it.
    public static func isChanged(_ text: String, import path: String) -> Bool { hasBlock(text) || text.contains("\"\(path)\"") }

    // MARK: a block at the end

    private static let begin = "# BEGIN vnode: written by vnode install"
    private static let end = "# END vnode"

    public static func hasBlock(_ text: String) -> Bool { text.contains(begin) }

    /// With `block` at the end, instead of the one that was there.
    public static func adding(block: String, to text: String) -> String {
        var rest = removingBlock(from: text)
        if !rest.isEmpty, rest.utf8.last != 0x0a { rest += "\n" }
        return rest + "\(begin)\n\(block)\(end)\n"
    }

    public static func removingBlock(from text: String) -> String {
        var kept: [String] = []
        var isOurs = false
        for line in Lines.of(text) {
            let said = plain(line)
            if said == begin { isOurs = true }
            if !isOurs { kept.append(line) }
            if said == end { isOurs = false }
        }
        // A block without its end is not ours alone: leave it to whoever changed it.
        return isOurs ? text : kept.joined(separator: "\n")
    }

    /// Without the "\r" an editor may have given all of the file's lines.
    private static func plain(_ line: String) -> Substring { line.utf8.last == 0x0d ? line.dropLast() : line[...] }

    // MARK: an import

    private static func importLine(_ path: String) -> String { "imports = [\"\(path)\"] # vnode" }

    /// With `path` among the imports.
    public static func adding(import path: String, to text: String) -> String {
        let first = topLevel(of: text).firstIndex { line in
            let parts = line.split(separator: "=", maxSplits: 1)
            return parts.count == 2 && words(parts[0]) == "imports"
        }
        guard let first else { return importLine(path) + "\n" + text }
        var lines = Lines.of(text)
        guard let bracket = lines[first].firstIndex(of: "[") else { return importLine(path) + "\n" + text }
        lines[first].insert(contentsOf: "\"\(path)\", ", at: lines[first].index(after: bracket))
        return lines.joined(separator: "\n")
    }

    public static func removing(import path: String, from text: String) -> String {
        var lines = Lines.of(text)
        if let line = lines.firstIndex(where: { plain($0) == importLine(path) }) {
            lines.remove(at: line)
            return lines.joined(separator: "\n")
        }
        if let entry = text.range(of: "\"\(path)\", ") { return String(text[..<entry.lowerBound] + text[entry.upperBound...]) }
        return text
    }
}

extension String {
    /// The first place where `other` stands.
    fileprivate func range(of other: String) -> Range<Index>? {
        var at = startIndex
        while at < endIndex {
            if self[at...].hasPrefix(other) { return at..<index(at, offsetBy: other.count) }
            at = index(after: at)
        }
        return nil
    }
}
