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

    /// The last error of a log, with what was logged before it: the engine's own last words are often only that its child
    /// ended. nil when there was none.
    public static func failure(in log: Data) -> Failure? {
        let decoder = JSONDecoder()
        let errors = log.split(separator: 0x0a).compactMap { try? decoder.decode(Line.self, from: Data($0)) }
            .filter { $0.level == "error" || $0.level == "fatal" }
        guard let last = errors.last?.msg else { return nil }
        let found = failure(message: last)
        let causes = errors.dropLast().suffix(3).map(\.msg).filter { !last.contains($0) }
        guard found.status == 125, !causes.isEmpty else { return found }
        return Failure(status: found.status, message: "\(found.message) (\(causes.joined(separator: "; ")))")
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
