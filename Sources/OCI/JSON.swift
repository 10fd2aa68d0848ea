import FoundationEssentials

/// Any JSON, for documents of which others own most: what is not known is kept as it is.
public enum JSON: Sendable, Equatable {
    case null
    case bool(Bool)
    case signed(Int64)
    /// Numbers past Int64: limits that mean none, 64-bit arguments of seccomp rules.
    case unsigned(UInt64)
    case number(Double)
    case string(String)
    case array([JSON])
    case object([String: JSON])

    /// Throws for what is no JSON, or nested too deeply.
    public init(_ bytes: [UInt8]) throws { self = try JSONDecoder().decode(JSON.self, from: Data(bytes)) }

    /// Keys in alphabetical order: the same document is always the same bytes.
    public func bytes(pretty: Bool = false) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting =
            pretty ? [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted] : [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(self))
    }

    public var string: String? { if case .string(let text) = self { text } else { nil } }
    public var array: [JSON]? { if case .array(let list) = self { list } else { nil } }
    public var object: [String: JSON]? { if case .object(let fields) = self { fields } else { nil } }
    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }

    public var integer: Int64? {
        switch self {
        case .signed(let value): value
        case .unsigned(let value): Int64(exactly: value)
        default: nil
        }
    }

    /// A field of an object. Setting nil removes it; setting one of what is no object makes it one.
    public subscript(_ key: String) -> JSON? {
        get { object?[key] }
        set {
            var fields = object ?? [:]
            fields[key] = newValue
            self = .object(fields)
        }
    }
}

extension JSON: Codable {
    public init(from decoder: any Decoder) throws {
        // A container of each kind is an error for all others.
        if let fields = try? decoder.container(keyedBy: FieldName.self) {
            var object: [String: JSON] = [:]
            for key in fields.allKeys { object[key.stringValue] = try fields.decode(JSON.self, forKey: key) }
            self = .object(object)
            return
        }
        if var list = try? decoder.unkeyedContainer() {
            var array: [JSON] = []
            while !list.isAtEnd { array.append(try list.decode(JSON.self)) }
            self = .array(array)
            return
        }
        let value = try decoder.singleValueContainer()
        if let text = try? value.decode(String.self) {
            self = .string(text)
        } else if value.decodeNil() {
            self = .null
        } else if let bool = try? value.decode(Bool.self) {
            self = .bool(bool)
        } else if let number = try? value.decode(Int64.self) {
            self = .signed(number)
        } else if let number = try? value.decode(UInt64.self) {
            self = .unsigned(number)
        } else {
            self = .number(try value.decode(Double.self))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .object(let fields):
            var container = encoder.container(keyedBy: FieldName.self)
            for (name, value) in fields { try container.encode(value, forKey: FieldName(stringValue: name)) }
        case .array(let list):
            var container = encoder.unkeyedContainer()
            for value in list { try container.encode(value) }
        case .null: try single(encoder) { try $0.encodeNil() }
        case .bool(let value): try single(encoder) { try $0.encode(value) }
        case .signed(let value): try single(encoder) { try $0.encode(value) }
        case .unsigned(let value): try single(encoder) { try $0.encode(value) }
        case .number(let value): try single(encoder) { try $0.encode(value) }
        case .string(let value): try single(encoder) { try $0.encode(value) }
        }
    }

    private func single(_ encoder: any Encoder, _ body: (inout any SingleValueEncodingContainer) throws -> Void) throws {
        var container = encoder.singleValueContainer()
        try body(&container)
    }

    private struct FieldName: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { return nil }
    }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral {
    public init(stringLiteral value: String) { self = .string(value) }
    public init(arrayLiteral elements: JSON...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(Dictionary(elements, uniquingKeysWith: { _, last in last }))
    }
}
