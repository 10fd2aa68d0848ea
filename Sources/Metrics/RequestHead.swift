/// The head of an HTTP/1 request, as far as it matters here.
struct RequestHead: Equatable {
    /// Longest head read, bytes, with the empty line.
    static let longest = 8192

    let method: String
    /// Without a query.
    let path: String

    /// Where the head ends: behind its empty line. nil as long as that is missing; bytes before `from` were looked at before.
    static func end(in bytes: [UInt8], from: Int) -> Int? {
        var at = max(0, from - 3)
        while at < bytes.count {
            if bytes[at] == 0x0a {
                if at + 1 < bytes.count, bytes[at + 1] == 0x0a { return at + 2 }
                if at + 2 < bytes.count, bytes[at + 1] == 0x0d, bytes[at + 2] == 0x0a { return at + 3 }
            }
            at += 1
        }
        return nil
    }

    /// nil for what is no HTTP/1 request.
    init?(_ bytes: ArraySlice<UInt8>) {
        var lines = bytes.split(separator: 0x0a, omittingEmptySubsequences: false).map { $0.last == 0x0d ? $0.dropLast() : $0 }
        while lines.last?.isEmpty == true { lines.removeLast() }
        guard let first = lines.first else { return nil }
        let words = first.split(separator: 0x20, omittingEmptySubsequences: false)
        guard words.count == 3, !words[0].isEmpty, words[0].allSatisfy(RequestHead.isToken), RequestHead.isVersion(words[2]),
            let path = RequestHead.path(words[1])
        else { return nil }
        for line in lines.dropFirst() {
            // Also refuses lines continued by a space, which are obsolete and read differently by everyone.
            guard let colon = line.firstIndex(of: 0x3a), colon > line.startIndex, line[..<colon].allSatisfy(RequestHead.isToken),
                line[colon...].allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 })
            else { return nil }
        }
        method = String(decoding: words[0], as: UTF8.self)
        self.path = path
    }

    /// `/path`, or the path of `http://host/path`, without its query.
    private static func path(_ target: ArraySlice<UInt8>) -> String? {
        guard target.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else { return nil }
        var rest = target
        if rest.starts(with: "http://".utf8) {
            rest = rest.dropFirst(7)
            rest = rest[(rest.firstIndex(of: 0x2f) ?? rest.endIndex)...]
        }
        guard rest.first == 0x2f || target.elementsEqual("*".utf8) else { return nil }
        return String(decoding: rest.prefix { $0 != 0x3f }, as: UTF8.self)
    }

    private static func isVersion(_ word: ArraySlice<UInt8>) -> Bool {
        word.count == 8 && word.starts(with: "HTTP/1.".utf8) && (0x30...0x39).contains(word.last ?? 0)
    }

    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
