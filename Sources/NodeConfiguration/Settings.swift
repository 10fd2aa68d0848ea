/// What an administrator may write: `name = value` lines and `[table]` headers of TOML, values being strings, integers and booleans.
///
/// No key of ours takes more than these, so what else TOML has is an error at its line. A parser of all of TOML would cost each
/// start of `vnode-runtime` two milliseconds and a C++ runtime, and the ones there are do not tell the line of a key.
struct Settings {
    enum Value: Equatable {
        case string(String)
        case integer(Int64)
        case boolean(Bool)

        var kind: String {
            switch self {
            case .string: "a string"
            case .integer: "an integer"
            case .boolean: "a boolean"
            }
        }
    }

    struct Entry {
        var line: Int
        /// With the table's name: `ids.first`.
        var key: String
        var value: Value
    }

    private(set) var entries: [Entry] = []

    struct Malformed: Error, Equatable {
        var line: Int
        var reason: String
    }

    init(parsing text: String) throws(Malformed) {
        var table = ""
        var tables: Set<String> = []
        var keys: Set<String> = []
        for (index, raw) in Lines.of(text).enumerated() {
            let number = index + 1
            let content = Lines.withoutReturn(raw)
            guard !content.utf8.contains(0x0d) else { throw Malformed(line: number, reason: "a carriage return that ends no line") }
            var line = SettingLine(content, number: number)
            line.skipBlanks()
            if line.isAtEnd { continue }
            if line.take("[") {
                if line.next == "[" { throw Malformed(line: number, reason: "arrays of tables are not used here") }
                table = try line.key()
                guard line.take("]") else { throw Malformed(line: number, reason: "] expected after the table's name") }
                try line.end()
                if !tables.insert(table).inserted { throw Malformed(line: number, reason: "table [\(table)] is there twice") }
                continue
            }
            let name = try line.key()
            let key = table.isEmpty ? name : table + "." + name
            guard line.take("=") else { throw Malformed(line: number, reason: "= expected after \(name)") }
            let value = try line.value()
            try line.end()
            if !keys.insert(key).inserted { throw Malformed(line: number, reason: "\(key) is there twice") }
            entries.append(Entry(line: number, key: key, value: value))
        }
    }
}
