/// One line of `Settings`, read from left to right.
struct SettingLine {
    private var rest: Substring
    private let number: Int

    init(_ text: Substring, number: Int) {
        rest = text
        self.number = number
    }

    var next: Character? { rest.first }

    mutating func skipBlanks() { rest = rest.drop { $0 == " " || $0 == "\t" } }

    /// Nothing left but a comment.
    var isAtEnd: Bool { rest.isEmpty || rest.first == "#" }

    private func malformed(_ reason: String) -> Settings.Malformed { Settings.Malformed(line: number, reason: reason) }

    mutating func take(_ character: Character) -> Bool {
        skipBlanks()
        guard rest.first == character else { return false }
        rest.removeFirst()
        return true
    }

    func end() throws(Settings.Malformed) {
        var copy = self
        copy.skipBlanks()
        guard copy.isAtEnd else { throw malformed("\"\(copy.rest)\" is too much") }
    }

    private static func isKeyCharacter(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber || character == "-" || character == "_")
    }

    /// `name` or `table.name`.
    mutating func key() throws(Settings.Malformed) -> String {
        var parts: [String] = []
        repeat {
            skipBlanks()
            let part = rest.prefix(while: SettingLine.isKeyCharacter)
            guard !part.isEmpty else { throw malformed("a key of letters, digits, - and _ expected, not \"\(rest)\"") }
            rest = rest.dropFirst(part.count)
            parts.append(String(part))
        } while take(".")
        skipBlanks()
        return parts.joined(separator: ".")
    }

    mutating func value() throws(Settings.Malformed) -> Settings.Value {
        skipBlanks()
        switch rest.first {
        case nil, "#": throw malformed("a value expected after =")
        case "\"":
            if rest.hasPrefix("\"\"\"") { throw malformed("strings of several lines are not used here") }
            rest.removeFirst()
            return .string(try basicString())
        case "'":
            if rest.hasPrefix("'''") { throw malformed("strings of several lines are not used here") }
            rest.removeFirst()
            let content = rest.prefix { $0 != "'" }
            rest = rest.dropFirst(content.count)
            guard take("'") else { throw malformed("the string does not end") }
            return .string(String(content))
        case "[", "{": throw malformed("arrays and inline tables are not used here")
        default: break
        }
        let word = rest.prefix { $0 != " " && $0 != "\t" && $0 != "#" }
        rest = rest.dropFirst(word.count)
        if word == "true" { return .boolean(true) }
        if word == "false" { return .boolean(false) }
        // Underscores stand between digits only, as TOML has it; leading zeros it has not.
        let digits = word.split(separator: "_", omittingEmptySubsequences: false)
        let unsigned = word.first == "+" || word.first == "-" ? word.dropFirst() : word
        let isPlain =
            digits.allSatisfy { !$0.isEmpty } && unsigned.first?.isNumber == true && (unsigned.first != "0" || unsigned.count == 1)
        guard isPlain, let integer = Int64(digits.joined()) else {
            throw malformed("\"\(word)\" is no string, integer or boolean: strings stand in quotes")
        }
        return .integer(integer)
    }

    private mutating func basicString() throws(Settings.Malformed) -> String {
        var content = ""
        while let character = rest.popFirst() {
            switch character {
            case "\"": return content
            case "\\":
                switch rest.popFirst() {
                case "\"": content.append("\"")
                case "\\": content.append("\\")
                case "n": content.append("\n")
                case "t": content.append("\t")
                case let other: throw malformed("\\\(other.map(String.init) ?? "") is no escape used here")
                }
            default: content.append(character)
            }
        }
        throw malformed("the string does not end")
    }
}
