/// Lines of a container's log, as CRI has them: time, stream, whether the line is whole (F) or goes on (P), what was said.
///
/// `2026-11-25T10:00:00.000000001Z stdout F hello`; the last line of one that has ended is `... exit F 0`.
public enum LogFormat {
    public enum Stream: String, Sendable {
        case output = "stdout"
        case error = "stderr"
        /// Not said: the status it ended with.
        case exit
    }

    public struct Line: Equatable, Sendable {
        public var time: String
        public var stream: Stream
        /// What was said goes on in the next line of the stream.
        public var isPart: Bool
        public var text: [UInt8]
    }

    /// nil for what is no such line.
    public static func parse(_ bytes: some Sequence<UInt8>) -> Line? {
        let parts = Array(bytes).split(separator: 0x20, maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4, let stream = Stream(rawValue: String(decoding: parts[1], as: UTF8.self)),
            parts[2] == [0x46] || parts[2] == [0x50]
        else { return nil }
        return Line(time: String(decoding: parts[0], as: UTF8.self), stream: stream, isPart: parts[2] == [0x50], text: Array(parts[3]))
    }

    static func line(time: String, _ stream: Stream, isPart: Bool = false, _ text: some Sequence<UInt8>) -> [UInt8] {
        Array("\(time) \(stream.rawValue) \(isPart ? "P" : "F") ".utf8) + text + [0x0a]
    }

    /// RFC 3339 with nanoseconds, UTC.
    static func time(seconds: Int64, nanoseconds: Int64) -> String {
        let (days, second) = seconds.quotientAndRemainder(dividingBy: 86400)
        let date = civil(days)
        let fields = [second / 3600, second / 60 % 60, second % 60].map { padded($0, 2) }
        return
            "\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))T\(fields.joined(separator: ":")).\(padded(nanoseconds, 9))Z"
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }

    /// Of days since 1970, not negative: years that begin in March, in eras of 400.
    private static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        return (yearOfEra + era * 400 + (month >= 10 ? 1 : 0), month < 10 ? month + 3 : month - 9, dayOfYear - (153 * month + 2) / 5 + 1)
    }
}
