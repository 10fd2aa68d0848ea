import FoundationEssentials
import Glibc
import Linux
import OCI
import SystemPackage

/// The log containerd reads a failure from, as runc writes it: one JSON object a line, or text.
final class RuntimeLog {
    private final class LogFile {
        let descriptor: OwnedFD
        init(_ descriptor: consuming OwnedFD) { self.descriptor = descriptor }
    }

    private let file: LogFile?
    private let isJSON: Bool

    init(_ arguments: RuntimeArguments) throws(Failure) {
        isJSON = arguments.global("log-format") == "json"
        guard let path = arguments.global("log") else {
            file = nil
            return
        }
        file = LogFile(
            try attempt("opening the log", path) { () throws(Errno) in
                try Files.open(path, flags: O_WRONLY | O_CREAT | O_APPEND, mode: 0o644)
            })
    }

    /// One that goes nowhere but to standard error.
    init() {
        file = nil
        isJSON = false
    }

    func error(_ message: String) {
        Say.error("vnode: " + message)
        write(message, level: "error")
    }

    /// What failed no command. In the log alone: standard error of `create` is the container's.
    func warning(_ message: String) { write(message, level: "warning") }

    private func write(_ message: String, level: String) {
        let text = "vnode: " + message
        guard let file else { return }
        let time = Date().formatted(.iso8601)
        let line: [UInt8]
        if isJSON {
            line = (try? JSON.object(["level": .string(level), "msg": .string(text), "time": .string(time)]).bytes()) ?? []
        } else {
            line = Array("time=\"\(time)\" level=\(level) msg=\"\(text.map { $0 == "\"" ? "\\\"" : String($0) }.joined())\"".utf8)
        }
        try? Files.write(line + [0x0a], to: file.descriptor)
    }

    /// What an engine wrote.
    func append(_ bytes: [UInt8]) {
        guard let file, !bytes.isEmpty else { return }
        try? Files.write(bytes, to: file.descriptor)
    }

    /// The same of an engine that has ended. One that failed without a word has a word said for it: containerd shows what is in the log.
    func append(_ bytes: [UInt8], of engine: Engine, status: Int32) {
        append(bytes)
        if status != 0, bytes.isEmpty { error("running the engine: \(engine.name): ended with status \(status)") }
    }
}

/// A file without a path, for what an engine writes where it has none of the node's.
final class EngineLogFile {
    let file: OwnedFD

    init() throws(Failure) { file = try attempt("making a log") { () throws(Errno) in try SealedMemory.open(name: "engine-log") } }

    var bytes: [UInt8] {
        _ = lseek(file.raw, 0, SEEK_SET)
        return (try? Files.read(file, limit: 1 << 20)) ?? []
    }
}
