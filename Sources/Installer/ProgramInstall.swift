import Linux

/// The programs and the unit of `vnode-fs`.
public struct ProgramInstall<Machine: Node> {
    public static var programs: [String] { ["vnode", "vnode-fs", "vnode-init", "vnode-runtime"] }

    let node: Machine
    /// Where the programs are.
    let from: String
    /// Where they go.
    let directory: String
    let unit: String

    public init(node: Machine, from: String, directory: String, unit: String) {
        self.node = node
        self.from = from
        self.directory = directory
        self.unit = unit
    }

    public var program: String { directory + "/vnode-runtime" }

    /// Answers which files it changed.
    public func install(start: Bool) throws(InstallError) -> [String] {
        var change = FileChange()
        let wasThere = FileChange.read(unit) != nil
        do throws(InstallError) {
            for name in Self.programs {
                guard let content = FileChange.read("\(from)/\(name)") else {
                    throw InstallError("\(from)/\(name): cannot be read: all of \(Self.programs.joined(separator: ", ")) must be there")
                }
                try change.set("\(directory)/\(name)", content, mode: 0o755)
            }
            try change.set(unit, Array(UnitFile.text(programs: directory).utf8))
            if start { try self.start(change.changed) }
            return change.changed
        } catch {
            // Otherwise the next install finds all files in place and has nothing to do.
            let hasNewUnit = change.changed.contains(unit)
            if start, hasNewUnit, !wasThere { _ = node.run(["systemctl", "disable", "--now", "vnode-fs"]) }
            try change.undo()
            if start, hasNewUnit { _ = node.run(["systemctl", "daemon-reload"]) }
            throw error
        }
    }

    private func start(_ changed: [String]) throws(InstallError) {
        // Also of an install that was ended before it could say so.
        let isUnknown = node.run(["systemctl", "show", "vnode-fs", "--property=NeedDaemonReload", "--value"])?.output.hasPrefix("yes")
        if changed.contains(unit) || isUnknown == true { try systemctl("daemon-reload") }
        let isUp = node.run(["systemctl", "is-active", "--quiet", "vnode-fs"])?.status == 0
        try systemctl("enable", "--now", "vnode-fs")
        // Views that are up go on: the new program takes over from the old one.
        if isUp, changed.contains("\(directory)/vnode-fs") { try systemctl("reload", "vnode-fs") }
    }

    public func uninstall(stop: Bool) throws(InstallError) -> [String] {
        if stop, FileChange.read(unit) != nil { try systemctl("disable", "--now", "vnode-fs") }
        var change = FileChange()
        for name in Self.programs { try change.set("\(directory)/\(name)", nil) }
        try change.set(unit, nil)
        if stop, change.changed.contains(unit) { try systemctl("daemon-reload") }
        return change.changed
    }

    private func systemctl(_ arguments: String...) throws(InstallError) {
        guard let said = node.run(["systemctl"] + arguments) else { throw InstallError("systemctl is not in PATH") }
        guard said.status == 0 else { throw InstallError("systemctl \(arguments.joined(separator: " ")): \(said.errors)") }
    }
}
