public import FoundationEssentials

/// The log an engine writes with `--log-format json`: one object a line.
public enum EngineLog {
    struct Line: Decodable {
        let level: String
        let msg: String
    }

    /// Why an engine could not start a program, as a shell tells it.
    public struct Failure: Sendable, Equatable {
        /// 127: no such program; 126: it cannot be executed; 125: everything else.
        public let status: Int32
        public let message: String
    }

    /// The last error of a log; nil when the engine itself had none.
    public static func failure(in log: Data) -> Failure? {
        let decoder = JSONDecoder()
        let errors = log.split(separator: 0x0a).compactMap { try? decoder.decode(Line.self, from: Data($0)) }
            .filter { $0.level == "error" || $0.level == "fatal" }
        guard let last = errors.last?.msg else { return nil }
        return failure(message: last)
    }

    static func failure(message: String) -> Failure {
        guard let start = message.indices.first(where: { message[$0...].hasPrefix("exec: ") }) else {
            return Failure(status: 125, message: message)
        }
        let cause = String(message[start...])
        if cause.contains("executable file not found") || cause.contains("no such file or directory") {
            return Failure(status: 127, message: cause)
        }
        return Failure(status: cause.contains("permission denied") || cause.contains("exec format error") ? 126 : 125, message: cause)
    }
}
