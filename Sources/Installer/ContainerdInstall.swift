import Glibc
import Linux

/// Puts the handler `vnode` into a node's containerd, or takes it out; when containerd does not come back, everything is as it was.
public struct ContainerdInstall<Machine: Node> {
    let node: Machine
    let configuration: String
    let dropIn: String
    let program: String
    /// How long containerd may take to come back.
    let patience: Int

    public init(node: Machine, configuration: String, dropIn: String, program: String, patience: Int = 60) {
        self.node = node
        self.configuration = configuration
        self.dropIn = dropIn
        self.program = program
        self.patience = patience
    }

    /// Answers what it changed: files, and containerd when it had to be restarted for those of an install that was cut short. Nothing when
    /// all was as it should be.
    public func install(restart: Bool) throws(InstallError) -> [String] {
        let major = try majorVersion()
        let old = FileChange.text(configuration)
        // Without a file containerd has its defaults, which are of its own newest version.
        let version = old.map { ContainerdText.version(of: $0) ?? 1 } ?? (major >= 2 ? 3 : 2)
        guard version == 2 || version == 3 && major >= 2 else {
            throw InstallError("\(configuration): configuration version \(version): must be 2 or 3: see containerd config migrate")
        }
        let before = old == nil ? nil : try dump(configuration)
        if let other = before?.program, old.map({ !ContainerdText.hasBlock($0) }) ?? true, FileChange.read(dropIn) == nil {
            throw InstallError("\(configuration): a handler vnode is there already, with \(other): take it out first")
        }
        let stanza = RuntimeStanza(version: version, program: program, hasSystemdCgroups: before?.hasSystemdCgroups ?? false)
        let text = old ?? "version = \(version)\n"
        // Before anything of ours is in it, whatever happens then.
        if let old, !ContainerdText.isChanged(old, import: dropIn) { try backUp(old) }
        // Says from the first change to the restart that there is one to be made: an install may be ended, or told not to restart.
        let wasPending = FileChange.read(pending) != nil
        if !wasPending { try FileChange.write(pending, [], mode: 0o600) }
        var change = FileChange()
        do throws(InstallError) {
            if major >= 2 {
                try change.set(dropIn, Array(stanza.file.utf8))
                // An import of *.toml may have it already.
                var isImported = false
                if old != nil { isImported = try dump(configuration).program == program }
                if !isImported {
                    try change.set(configuration, Array(ContainerdText.adding(import: dropIn, to: text).utf8))
                }
            } else {
                // 1.7 replaces a whole plugin section by that of an imported file: the handler must stand beside the others.
                try change.set(configuration, Array(ContainerdText.adding(block: stanza.text, to: text).utf8))
            }
            if change.changed.isEmpty {
                guard wasPending else {
                    try FileChange.write(pending, nil, mode: 0)
                    return []
                }
                guard restart else { return [] }
                try verify(before, hasHandler: true)
                try self.restart()
                try FileChange.write(pending, nil, mode: 0)
                return ["containerd: restarted, it ran with older files"]
            }
            try verify(before, hasHandler: true)
            if restart {
                try self.restart()
                try FileChange.write(pending, nil, mode: 0)
            }
            return change.changed
        } catch {
            let failure = try undone(&change, after: error, restart: restart)
            if !wasPending { try FileChange.write(pending, nil, mode: 0) }
            throw failure
        }
    }

    private var pending: String { configuration + ".vnode-pending" }

    /// Answers which files it changed.
    public func uninstall(restart: Bool) throws(InstallError) -> [String] {
        guard let old = FileChange.text(configuration) else { return [] }
        let before = try dump(configuration)
        let text = ContainerdText.removing(import: dropIn, from: ContainerdText.removingBlock(from: old))
        var change = FileChange()
        do throws(InstallError) {
            try change.set(configuration, Array(text.utf8))
            try change.set(dropIn, nil)
            if change.changed.isEmpty {
                guard before.program == nil else {
                    throw InstallError("\(configuration): the handler vnode is not one that vnode install wrote: take it out by hand")
                }
                return []
            }
            try verify(before, hasHandler: false)
            if restart { try self.restart() }
            try FileChange.write(pending, nil, mode: 0)
            return change.changed
        } catch { throw try undone(&change, after: error, restart: restart) }
    }

    // MARK: steps

    private func undone(_ change: inout FileChange, after error: InstallError, restart: Bool) throws(InstallError) -> InstallError {
        let hadChanges = !change.changed.isEmpty
        try change.undo()
        guard restart, hadChanges, error.description.hasPrefix(Self.notBack) else { return error }
        do throws(InstallError) { try self.restart() } catch {
            return InstallError("\(error): the old configuration is back in place, and containerd does not start with it either")
        }
        return InstallError("\(error): the old configuration is back in place, and containerd with it")
    }

    private func majorVersion() throws(InstallError) -> Int {
        guard let said = node.run(["containerd", "--version"]) else { throw InstallError("containerd is not in PATH: install it") }
        for word in said.output.split(whereSeparator: \.isWhitespace) {
            let parts = (word.first == "v" ? word.dropFirst() : word).split(separator: ".")
            guard parts.count >= 3, let major = Int(parts[0]), let minor = Int(parts[1]) else { continue }
            if major == 2 || major == 1 && minor == 7 { return major }
            throw InstallError("containerd \(word): must be 1.7 or 2.x")
        }
        throw InstallError("containerd --version says no version: \(said.output)")
    }

    private func dump(_ path: String) throws(InstallError) -> ConfigDump {
        guard let said = node.run(["containerd", "--config", path, "config", "dump"]) else {
            throw InstallError("containerd is not in PATH: install it")
        }
        guard said.status == 0 else { throw InstallError("\(path): containerd config dump: \(said.errors)\(said.output)") }
        return ConfigDump(said.output)
    }

    /// Containerd reads what was written, finds the handler, or not, and all else as before.
    private func verify(_ before: ConfigDump?, hasHandler: Bool) throws(InstallError) {
        let after = try dump(configuration)
        if hasHandler, after.program != program {
            throw InstallError("\(configuration): containerd does not see the handler vnode: another imported file may replace the section")
        }
        if !hasHandler, let other = after.program {
            throw InstallError("\(configuration): the handler vnode is still there, with \(other)")
        }
        if let before, before.rest != after.rest {
            let lost = before.rest.first { !after.rest.contains($0) } ?? after.rest.first { !before.rest.contains($0) } ?? ""
            throw InstallError("\(configuration): something else would change: \(lost)")
        }
    }

    private func backUp(_ old: String) throws(InstallError) {
        let path = configuration + ".before-vnode"
        if FileChange.text(path) != old { try FileChange.write(path, Array(old.utf8), mode: 0o600) }
    }

    private static var notBack: String { "containerd does not come back" }

    private func restart() throws(InstallError) {
        guard let said = node.run(["systemctl", "restart", "containerd"]) else { throw InstallError("systemctl is not in PATH") }
        guard said.status == 0 else { throw InstallError("\(Self.notBack): systemctl restart: \(said.errors)") }
        var last = ""
        for _ in 0..<patience * 2 {
            let asked = node.run(["ctr", "version"])
            if asked?.status == 0 { return }
            last = asked?.errors ?? "ctr is not in PATH"
            node.pause(milliseconds: 500)
        }
        throw InstallError("\(Self.notBack): after \(patience) s: \(last)")
    }
}
