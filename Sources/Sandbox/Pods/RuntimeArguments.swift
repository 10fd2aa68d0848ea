/// The OCI command line, as runc has it: global flags, a command, its flags, a container, the rest.
public struct RuntimeArguments: Sendable, Equatable {
    public struct Flag: Sendable, Equatable {
        public var name: String
        /// nil for a flag that takes none.
        public var value: String?
    }

    public var globals: [Flag] = []
    public var command = ""
    public var flags: [Flag] = []
    public var container: String?
    public var rest: [String] = []

    /// `words` without the program's name.
    public init(_ words: [String]) throws(Failure) {
        var words = words[...]
        globals = try RuntimeArguments.take(&words, taking: RuntimeArguments.globalValues, of: "vnode-runtime")
        command = words.popFirst() ?? ""
        guard let taking = RuntimeArguments.values[command] else {
            // Answered without a container.
            rest = Array(words)
            return
        }
        flags = try RuntimeArguments.take(&words, taking: taking, of: command)
        container = words.popFirst()
        // What follows is the program of an exec, or flags after the container as runc takes them of kill.
        if command != "exec" {
            while !words.isEmpty {
                let more = try RuntimeArguments.take(&words, taking: taking, of: command)
                flags += more
                if let word = words.popFirst() { rest.append(word) }
            }
        } else {
            rest = Array(words)
        }
    }

    /// The global flags alone, as far as they can be understood: where a failure to understand the rest is to be told.
    public static func globals(of words: [String]) -> RuntimeArguments {
        var arguments = RuntimeArguments()
        var words = words[...]
        arguments.globals = (try? take(&words, taking: globalValues, of: "")) ?? []
        return arguments
    }

    private init() {}

    public func value(_ name: String) -> String? { flags.last { $0.name == name }?.value }
    public func has(_ name: String) -> Bool { flags.contains { $0.name == name } }
    public func global(_ name: String) -> String? { globals.last { $0.name == name }?.value }
    public func hasGlobal(_ name: String) -> Bool { globals.contains { $0.name == name } }

    /// The same with a flag set.
    public func with(_ name: String, _ value: String) -> RuntimeArguments {
        var changed = self
        changed.flags.removeAll { $0.name == name }
        changed.flags.append(Flag(name: name, value: value))
        return changed
    }

    /// A `kill` that nobody can ignore.
    public var isDeadly: Bool {
        guard command == "kill", let signal = rest.first else { return false }
        return ["9", "KILL", "SIGKILL"].contains(signal.uppercased())
    }

    /// Words of the command for the engine: the command, its flags, the container, the rest.
    public var words: [String] {
        var words = [command]
        for flag in flags {
            words.append("--" + flag.name)
            if let value = flag.value { words.append(value) }
        }
        if let container { words.append(container) }
        return words + rest
    }

    static let globalValues: Set<String> = ["root", "log", "log-format", "criu", "rootless", "cgroup-manager"]

    /// Commands with a container, and their flags that take a value.
    static let values: [String: Set<String>] = [
        "create": ["bundle", "console-socket", "pid-file", "pidfd-socket", "preserve-fds"],
        "run": ["bundle", "console-socket", "pid-file", "pidfd-socket", "preserve-fds"],
        "start": [], "state": [], "pause": [], "resume": [], "kill": [], "delete": [],
        "ps": ["format"],
        "exec": [
            "console-socket", "pidfd-socket", "cwd", "env", "user", "additional-gids", "process", "pid-file", "process-label", "apparmor",
            "cap", "preserve-fds", "cgroup",
        ],
        "update": [
            "resources", "blkio-weight", "cpu-period", "cpu-quota", "cpu-burst", "cpu-share", "cpu-rt-period", "cpu-rt-runtime",
            "cpuset-cpus", "cpuset-mems", "memory", "cpu-idle", "memory-reservation", "memory-swap", "pids-limit", "l3-cache-schema",
            "mem-bw-schema",
        ],
        "events": ["interval"],
        "checkpoint": ["image-path", "work-path", "parent-path", "page-server", "manage-cgroups-mode", "empty-ns"],
        "restore": ["bundle", "console-socket", "pid-file", "image-path", "work-path"],
    ]

    /// Short forms, as runc has them.
    static let short = [
        "b": "bundle", "a": "all", "f": "force", "e": "env", "t": "tty", "u": "user", "g": "additional-gids", "p": "process", "d": "detach",
        "c": "cap", "r": "resources", "h": "help", "v": "version",
    ]

    private static func take(_ words: inout ArraySlice<String>, taking: Set<String>, of command: String) throws(Failure) -> [Flag] {
        var found: [Flag] = []
        while let word = words.first, word.hasPrefix("-"), word != "-" {
            words.removeFirst()
            if word == "--" { break }
            var name = String(word.drop { $0 == "-" })
            var value: String?
            if let equals = name.firstIndex(of: "=") {
                value = String(name[name.index(after: equals)...])
                name = String(name[..<equals])
            }
            if !word.hasPrefix("--"), let long = name == "f" && command == "ps" ? "format" : short[name] { name = long }
            if taking.contains(name), value == nil {
                guard let next = words.popFirst() else { throw Failure("\(command): flag needs an argument: --\(name)") }
                value = next
            }
            found.append(Flag(name: name, value: value))
        }
        return found
    }
}
