/// The handler `vnode` as containerd's configuration has it.
public struct RuntimeStanza: Sendable, Equatable {
    public static let handler = "vnode"

    /// Version of the configuration it stands in.
    public var version: Int
    public var program: String
    /// As the handler runc has it: a node has one cgroup driver.
    public var hasSystemdCgroups: Bool

    public init(version: Int, program: String, hasSystemdCgroups: Bool) {
        self.version = version
        self.program = program
        self.hasSystemdCgroups = hasSystemdCgroups
    }

    static func plugin(_ version: Int) -> String { version >= 3 ? "io.containerd.cri.v1.runtime" : "io.containerd.grpc.v1.cri" }

    public var text: String {
        let table = "plugins.\"\(RuntimeStanza.plugin(version))\".containerd.runtimes.\(RuntimeStanza.handler)"
        // A privileged pod owns its vNode, not the node's devices.
        return """
            [\(table)]
            runtime_type = "io.containerd.runc.v2"
            privileged_without_host_devices = true
            [\(table).options]
            BinaryName = "\(program)"
            SystemdCgroup = \(hasSystemdCgroups)

            """
    }

    /// The drop-in, a file of its own.
    public var file: String { "# Written by vnode install.\nversion = \(version)\n\n\(text)" }
}

/// What `containerd config dump` prints, line by line.
public struct ConfigDump: Sendable, Equatable {
    private let lines: [String]

    public init(_ text: String) {
        lines = text.split(separator: "\n").map { $0.split(whereSeparator: \.isWhitespace).joined(separator: " ") }
    }

    /// Lines of tables whose header ends with `suffix`, or of those of ours and what is below them.
    private func table(endingWith suffix: String) -> [String]? {
        guard let header = lines.firstIndex(where: { $0.hasPrefix("[") && $0.hasSuffix(suffix + "]") }) else { return nil }
        return Array(lines[(header + 1)...].prefix { !$0.hasPrefix("[") })
    }

    public var hasSystemdCgroups: Bool { table(endingWith: ".runtimes.runc.options")?.contains("SystemdCgroup = true") ?? false }

    /// The program of the handler `vnode`; nil when there is no such handler.
    public var program: String? {
        let line = table(endingWith: ".runtimes.\(RuntimeStanza.handler).options")?.first { $0.hasPrefix("BinaryName = ") }
        return line.map { String($0.dropFirst("BinaryName = ".count).filter { $0 != "\"" && $0 != "'" }) }
    }

    /// What is there besides our handler and the list of imports.
    public var rest: [String] {
        var kept: [String] = []
        var isOurs = false
        for line in lines {
            if line.hasPrefix("[") {
                isOurs = line.contains(".runtimes.\(RuntimeStanza.handler)]") || line.contains(".runtimes.\(RuntimeStanza.handler).")
            }
            if !isOurs, !line.hasPrefix("imports = ") { kept.append(line) }
        }
        return kept
    }
}
