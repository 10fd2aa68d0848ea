import SystemPackage

/// What the audit asks its reader, and what that answers: frames of a four-byte length and so many bytes. The reader sits among hostile
/// processes: nothing it says is trusted to be well made.
enum Wire {
    enum Request: Equatable {
        case list(String), read(String), open(String)
    }

    static let longest = Bounds.file + (4 << 20)

    static func frame(_ payload: [UInt8]) -> [UInt8] { word(UInt32(payload.count)) + payload }

    static func encode(_ request: Request) -> [UInt8] {
        switch request {
        case .list(let path): [1] + path.utf8
        case .read(let path): [2] + path.utf8
        case .open(let path): [3] + path.utf8
        }
    }

    static func request(_ bytes: [UInt8]) -> Request? {
        let path = String(decoding: bytes.dropFirst(), as: UTF8.self)
        switch bytes.first {
        case 1: return .list(path)
        case 2: return .read(path)
        case 3: return .open(path)
        default: return nil
        }
    }

    static func encode(_ content: Content) -> [UInt8] {
        switch content {
        case .bytes(let bytes): [0] + bytes
        case .cut(let bytes): [1] + bytes
        case .failed(let error): [2] + word(UInt32(bitPattern: error.rawValue))
        case .hung: [3]
        }
    }

    static func content(_ bytes: [UInt8]) -> Content? {
        var parser = Bytes(bytes)
        switch parser.byte() {
        case 0: return .bytes(parser.rest())
        case 1: return .cut(parser.rest())
        case 2: return parser.word().map { .failed(Errno(rawValue: Int32(bitPattern: $0))) }
        default: return nil
        }
    }

    static func encode(_ listing: Listing) -> [UInt8] {
        switch listing {
        case .failed(let error): return [2] + word(UInt32(bitPattern: error.rawValue))
        case .hung: return [3]
        case .entries(let entries, let isCut):
            var bytes: [UInt8] = [isCut ? 1 : 0] + word(UInt32(entries.count))
            for entry in entries {
                bytes += [entry.kind.rawValue, entry.answerer.rawValue, entry.isWritable ? 1 : 0]
                bytes += word(UInt32(entry.mode)) + text(entry.name) + text(entry.target)
            }
            return bytes
        }
    }

    static func listing(_ bytes: [UInt8]) -> Listing? {
        var parser = Bytes(bytes)
        guard let status = parser.byte() else { return nil }
        if status == 2 { return parser.word().map { .failed(Errno(rawValue: Int32(bitPattern: $0))) } }
        guard status < 2, let count = parser.word(), count <= Bounds.directory else { return nil }
        var entries: [Entry] = []
        for _ in 0..<count {
            guard let kind = parser.byte().flatMap(EntryKind.init), let answerer = parser.byte().flatMap(Answerer.init),
                let flags = parser.byte(), let mode = parser.word(), let name = parser.text(), let target = parser.text()
            else { return nil }
            entries.append(
                Entry(
                    name: name, kind: kind, answerer: answerer, mode: UInt16(truncatingIfNeeded: mode), isWritable: flags & 1 != 0,
                    target: target))
        }
        return .entries(entries, isCut: status == 1)
    }

    static func word(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }

    private static func text(_ text: String) -> [UInt8] { word(UInt32(text.utf8.count)) + text.utf8 }
}

/// Reads what may end anywhere.
private struct Bytes {
    private let bytes: [UInt8]
    private var at = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func byte() -> UInt8? {
        guard at < bytes.count else { return nil }
        at += 1
        return bytes[at - 1]
    }

    mutating func word() -> UInt32? {
        guard bytes.count - at >= 4 else { return nil }
        at += 4
        return (0..<4).reduce(0) { $0 | UInt32(bytes[at - 4 + $1]) << (8 * UInt32($1)) }
    }

    mutating func text() -> String? {
        guard let count = word(), count <= 8192, bytes.count - at >= count else { return nil }
        at += Int(count)
        return String(decoding: bytes[(at - Int(count))..<at], as: UTF8.self)
    }

    func rest() -> [UInt8] { Array(bytes[at...]) }
}
