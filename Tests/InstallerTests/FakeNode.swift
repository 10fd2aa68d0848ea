import Glibc
import Installer
import Linux
import Testing

/// A containerd that reads the files it is given as the real ones do, and a systemd that remembers what it was told.
final class FakeNode: Node {
    var version = "2.1.9"
    /// Containerd starts with the configuration it finds, or not.
    var comesBack: (String) -> Bool = { _ in true }
    /// Commands of systemd that fail.
    var failing: Set<String> = []
    var needsDaemonReload = false
    private(set) var ran: [String] = []
    private(set) var restarts = 0
    private var isUp = true
    private var isServing = false
    private let directory: String

    init() throws {
        directory = "/tmp/vnode-installer-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        try Directories.makeAll(directory)
    }

    deinit { try? Directories.removeTree(directory) }

    func path(_ name: String) -> String { "\(directory)/\(name)" }

    func write(_ text: String, to name: String) throws {
        _ = try Files.open(path(name), flags: O_WRONLY | O_CREAT | O_TRUNC, mode: 0o640)
        try Files.write(text, to: path(name))
    }

    func text(_ name: String) -> String? { (try? Files.read(path(name))).map { String(decoding: $0, as: UTF8.self) } }

    private func done(_ output: String = "") -> ProgramOutput { ProgramOutput(status: 0, output: output, errors: "") }

    func run(_ arguments: [String]) -> ProgramOutput? {
        let words = arguments.joined(separator: " ")
        ran.append(words)
        if failing.contains(words) { return ProgramOutput(status: 1, output: "", errors: "it fails") }
        switch arguments {
        case ["containerd", "--version"]: return done("containerd containerd.io v\(version) 0123\n")
        case let list where list.count == 5 && list[0] == "containerd" && list[3] == "config":
            guard let dump = dump(list[2]) else { return ProgramOutput(status: 1, output: "", errors: "containerd: failed to load TOML") }
            return done(dump)
        case ["systemctl", "restart", "containerd"]:
            restarts += 1
            isUp = comesBack(dump(path("config.toml")) ?? "")
            return isUp ? done() : ProgramOutput(status: 1, output: "", errors: "Job for containerd.service failed")
        case ["systemctl", "show", "vnode-fs", "--property=NeedDaemonReload", "--value"]: return done(needsDaemonReload ? "yes\n" : "no\n")
        case ["systemctl", "enable", "--now", "vnode-fs"]:
            isServing = true
            return done()
        case ["systemctl", "is-active", "--quiet", "vnode-fs"]: return ProgramOutput(status: isServing ? 0 : 3, output: "", errors: "")
        case ["ctr", "version"]: return isUp ? done() : ProgramOutput(status: 1, output: "", errors: "connection refused")
        default: return done()
        }
    }

    func pause(milliseconds: UInt32) {}

    /// What counts: the lines of the file and of what it imports. In 1.7 an import replaces the section that it has.
    private func dump(_ path: String) -> String? {
        guard let bytes = try? Files.read(path) else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        if text.contains("broken") { return nil }
        var lines = text.split(separator: "\n").filter { !$0.hasPrefix("#") && !$0.hasPrefix("imports") }.map(String.init)
        let imports = text.split(separator: "\n").first { $0.hasPrefix("imports") } ?? ""
        for name in imports.split(separator: "\"") where name.hasSuffix(".toml") {
            guard let bytes = try? Files.read(String(name)) else { return nil }
            let all = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
            let imported = all.filter { !$0.hasPrefix("#") && !$0.hasPrefix("version") }
            if version.hasPrefix("1."), !imported.isEmpty { lines.removeAll { !$0.hasPrefix("version") } }
            lines += imported
        }
        return "imports = ['\(path)']\n" + lines.joined(separator: "\n") + "\n"
    }
}
