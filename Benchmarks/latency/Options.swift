/// What the command line asks for.
struct Options {
    enum Mode: String {
        /// Reads of the buffer's size to the end of the file.
        case whole
        /// The same file in reads of one byte.
        case bytes
    }

    enum Format: String {
        case text, json
    }

    static let usage = """
        usage: latency [--mode whole|bytes] [--rounds N] [--warm-up N] [--buffer BYTES]
                       [--pause MICROSECONDS] [--format text|json] LABEL=PATH...

        Times open, read to the end and close of each file, the labels taking turns in one run.

          --mode     whole: reads of the buffer's size (default); bytes: reads of one byte
          --rounds   opens of each label (default 1000)
          --warm-up  opens before that, not counted (default 20)
          --buffer   bytes a read of mode whole asks for (default 16384)
          --pause    sleep before every open (default 0)
          --format   text: label, count, min, p50, p99, tab-separated, times in nanoseconds (default)
        """

    var mode = Mode.whole
    var rounds = 1000
    var warmUp = 20
    var buffer = 16384
    var pause = 0
    var format = Format.text
    var files: [(label: String, path: String)] = []

    init(_ arguments: [String]) throws(Failure) {
        var rest = arguments[...]
        while let word = rest.popFirst() {
            guard word.hasPrefix("--") else {
                files.append(try Options.file(word))
                continue
            }
            let value = rest.popFirst() ?? ""
            switch word {
            case "--mode": mode = try Options.choice(word, value)
            case "--format": format = try Options.choice(word, value)
            case "--rounds": rounds = try Options.number(word, value, from: 1)
            case "--warm-up": warmUp = try Options.number(word, value, from: 0)
            case "--buffer": buffer = try Options.number(word, value, from: 1)
            case "--pause": pause = try Options.number(word, value, from: 0)
            default: throw .usage("unknown option \(word)")
            }
        }
        if files.isEmpty { throw .usage("no LABEL=PATH given") }
    }

    private static func file(_ word: String) throws(Failure) -> (label: String, path: String) {
        let parts = word.split(separator: "=", maxSplits: 1)
        guard parts.count == 2, parts[1].hasPrefix("/") else { throw .usage("\(word): not LABEL=/PATH") }
        return (String(parts[0]), String(parts[1]))
    }

    private static func number(_ option: String, _ value: String, from least: Int) throws(Failure) -> Int {
        guard let number = Int(value), (least...10_000_000).contains(number) else {
            throw .usage("\(option) \(value): not a number from \(least) to 10000000")
        }
        return number
    }

    private static func choice<T: RawRepresentable>(_ option: String, _ value: String) throws(Failure) -> T where T.RawValue == String {
        guard let choice = T(rawValue: value) else { throw .usage("\(option) \(value): no such choice") }
        return choice
    }
}
