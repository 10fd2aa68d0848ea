import FoundationEssentials
import Text

extension Report {
    /// One line of JSON with a newline, keys in order. Written here and not by JSONEncoder, which keeps the daemon's control
    /// thread for a second with 1,000 vNodes that read 40 files each.
    public func json() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let count = vnodes.reduce(files.count) { $0 + $1.files.count }
        var out = ByteWriter(capacity: 8192 + count * 256)
        out.write("{\"bucketBounds\":[")
        out.write(HistogramBounds.microseconds.map { Decimals.text($0, digits: 6) }.joined(separator: ","))
        out.write("],\"daemon\":")
        out.write(Array(try encoder.encode(daemon)))
        out.write(",\"files\":")
        Report.write(files, to: &out)
        out.write(",\"vnodes\":[")
        for (number, vnode) in vnodes.enumerated() {
            out.write(number == 0 ? "{\"files\":" : ",{\"files\":")
            Report.write(vnode.files, to: &out)
            out.write(",\"name\":")
            Report.write(vnode.name, to: &out)
            out.write("}")
        }
        out.write("]}\n")
        return out.bytes
    }

    private static func write(_ files: [File], to out: inout ByteWriter) {
        out.write("[")
        for (number, file) in files.enumerated() {
            let counters = file.counters
            out.write(number == 0 ? "{\"buckets\":[" : ",{\"buckets\":[")
            for (bucket, count) in counters.histogram.shortened.enumerated() {
                if bucket > 0 { out.write(byte: 0x2c) }
                out.write(count)
            }
            out.write("],\"errors\":")
            out.write(counters.errors)
            out.write(",\"nanoseconds\":")
            out.write(counters.nanoseconds)
            for (name, share) in [("p50", 0.5), ("p99", 0.99)] {
                // JSON has no infinity.
                guard let bound = counters.histogram.quantileMicroseconds(share) else { continue }
                out.write(",\"\(name)\":")
                out.write(Decimals.text(bound, digits: 6))
            }
            out.write(",\"path\":")
            write(file.path, to: &out)
            out.write(",\"refills\":")
            out.write(counters.refills)
            out.write(",\"requests\":")
            out.write(counters.requests)
            out.write("}")
        }
        out.write("]")
    }

    private static func write(_ text: String, to out: inout ByteWriter) {
        out.write(byte: 0x22)
        for byte in text.utf8 {
            switch byte {
            case 0x22, 0x5c:
                out.write(byte: 0x5c)
                out.write(byte: byte)
            case 0..<0x20:
                let digits = Array("0123456789abcdef".utf8)
                out.write("\\u00")
                out.write(byte: digits[Int(byte >> 4)])
                out.write(byte: digits[Int(byte & 15)])
            default: out.write(byte: byte)
            }
        }
        out.write(byte: 0x22)
    }
}
