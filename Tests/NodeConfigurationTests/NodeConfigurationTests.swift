import Glibc
import Linux
import Testing

@testable import NodeConfiguration

struct NodeConfigurationTests {
    private func message(_ text: String) -> String? {
        do {
            _ = try NodeConfiguration(parsing: text, from: "f")
            return nil
        } catch { return error.description }
    }

    @Test func anEmptyFileIsTheDefaults() throws {
        #expect(try NodeConfiguration(parsing: "") == NodeConfiguration())
        #expect(try NodeConfiguration(parsing: "# nothing\n\n   \t# more\r\n") == NodeConfiguration())
    }

    @Test func everyKeyIsTaken() throws {
        let text = """
            pods = "per-pod"   # comment
            engine = '/usr/bin/crun'
            state-dir="/run/other"
            socket = "/run/other/a\\"b.sock"
            kubelet-dir = "/k"
            containerd-root = "/r"
            containerd-state = "/s"
            [ids]
            first = 131_072
            last = 262143
            """
        let got = try NodeConfiguration(parsing: text)
        #expect(got.pods == .perPod)
        #expect(got.engine == "/usr/bin/crun")
        #expect(got.stateDirectory == "/run/other")
        #expect(got.socket == "/run/other/a\"b.sock")
        #expect((got.kubelet, got.containerdRoot, got.containerdState) == ("/k", "/r", "/s"))
        #expect(got.ids == 131_072...262_143)
        #expect(try NodeConfiguration(parsing: "ids.first = 131072").ids.lowerBound == 131_072)
    }

    /// "\r\n" is one Character: the file would be one line, and here that a comment.
    @Test func linesMayEndAsOnOtherSystems() throws {
        let got = try NodeConfiguration(parsing: "# a comment\r\npods = \"per-pod\"\r\n\r\n[ids]\r\nfirst = 131072 # x\r\nlast = 262143")
        #expect(got.pods == .perPod)
        #expect(got.ids == 131_072...262_143)
        #expect(message("# x\r\n\r\nengin = 1\r\n")?.hasPrefix("f:3: unknown key") == true)
        #expect(message("# x\rengine = \"crun\"\n") == "f:1: a carriage return that ends no line")
        #expect(Lines.of("a\r\n\nb\n") == ["a\r", "", "b", ""])
    }

    private static let known =
        "pods, engine, state-dir, socket, ids.first, ids.last, kubelet-dir, containerd-root, containerd-state"

    @Test func directoriesOfOthers() throws {
        let got = try NodeConfiguration(parsing: "kubelet-dir = \"/data//kubelet/\"\ncontainerd-state = \"/run/k3s/containerd\"")
        #expect(got.kubelet == "/data/kubelet" && got.containerdState == "/run/k3s/containerd")
        #expect(got.containerdRoot == "/var/lib/containerd")
    }

    @Test func theDocumentedKeysAreTheKnownOnes() throws {
        for key in NodeConfiguration.keys {
            #expect(message("\(key) = 0.5")?.contains("unknown key") == false, "\(key)")
        }
        let page = String(decoding: try Files.read("docs/reference/config.md"), as: UTF8.self)
        let rows = Lines.of(page).prefix { $0 != "## Environment" }.filter { $0.hasPrefix("| `") }
        #expect(rows.map { String($0.dropFirst(3).prefix { $0 != "`" }) } == NodeConfiguration.keys)
    }

    /// Running pods are found whatever else is wrong; but nobody is to believe that there are none.
    @Test func theStateDirectoryAlone() throws {
        func found(_ text: String) throws(ConfigurationError) -> String {
            try NodeConfiguration.stateDirectoryAlone(parsing: text, from: "f")
        }
        #expect(try found("engin = 1") == "/run/vnode")
        #expect(try found("# state-dir = \"/a\"") == "/run/vnode")
        #expect(try found("engin = 1\n[ids\n\nstate-dir = \"/b\" # x\nsocket = {") == "/b")
        #expect(throws: ConfigurationError("f:2: state-dir = \"b\": must be an absolute path")) { try found("\nstate-dir = \"b\"") }
        #expect(throws: ConfigurationError.self) { try found("state-dir = /b") }
        #expect(throws: ConfigurationError.self) { try found("state-dir \"/b\"") }
    }

    @Test(arguments: [
        ("a = 1", "f:1: unknown key \"a\": known are \(known)"),
        ("\n# x\n[ids]\nfrist = 1", "f:4: unknown key \"ids.frist\": known are \(known)"),
        ("kubelet-dir = \"/a/../b\"", "f:1: kubelet-dir = \"/a/../b\": must be a path without \".\" and \"..\""),
        ("containerd-root = \"//\"", "f:1: containerd-root = \"//\": must be a path without \".\" and \"..\""),
        ("containerd-state = \"run\"", "f:1: containerd-state = \"run\": must be an absolute path"),
        ("pods = \"both\"", "f:1: pods = \"both\": must be \"per-namespace\" or \"per-pod\""),
        ("pods = true", "f:1: pods must be a string, not a boolean"),
        ("engine = \"bin/runc\"", "f:1: engine = \"bin/runc\": must be the name of a program in PATH, or an absolute path"),
        ("engine = \"\"", "f:1: engine = \"\": must be the name of a program in PATH, or an absolute path"),
        ("state-dir = \"run\"", "f:1: state-dir = \"run\": must be an absolute path"),
        ("[ids]\nfirst = \"1\"", "f:2: ids.first must be an integer, not a string"),
        ("[ids]\nfirst = 65537", "f:2: ids.first = 65537: must be a multiple of 65536, from 65536 to 4294901759"),
        ("[ids]\nfirst = 0", "f:2: ids.first = 0: must be a multiple of 65536, from 65536 to 4294901759"),
        ("[ids]\nlast = 65536", "f:2: ids.last = 65536: must be 1 less than a multiple of 65536, from 65536 to 4294901759"),
        ("[ids]\nlast = 4294967295", "f:2: ids.last = 4294967295: must be 1 less than a multiple of 65536, from 65536 to 4294901759"),
        ("[ids]\nfirst = 131072\nlast = 131071", "f:3: ids.first is not below ids.last"),
        (
            "[ids]\nfirst = 9223372036854775807",
            "f:2: ids.first = 9223372036854775807: must be a multiple of 65536, from 65536 to 4294901759"
        ),
        (
            "[ids]\nlast = 9223372036854775807",
            "f:2: ids.last = 9223372036854775807: must be 1 less than a multiple of 65536, from 65536 to 4294901759"
        ),
        ("engine = runc", "f:1: \"runc\" is no string, integer or boolean: strings stand in quotes"),
        ("engine = \"runc", "f:1: the string does not end"),
        ("engine = 'runc", "f:1: the string does not end"),
        ("engine = \"r\\q\"", "f:1: \\q is no escape used here"),
        ("engine = \"a\" b", "f:1: \"b\" is too much"),
        ("engine =", "f:1: a value expected after ="),
        ("engine", "f:1: = expected after engine"),
        ("engine = [\"runc\"]", "f:1: arrays and inline tables are not used here"),
        ("engine = \"\"\"runc", "f:1: strings of several lines are not used here"),
        ("[[ids]]", "f:1: arrays of tables are not used here"),
        ("[ids", "f:1: ] expected after the table's name"),
        ("[ids]\n[ids]", "f:2: table [ids] is there twice"),
        ("engine = 'a'\nengine = 'b'", "f:2: engine is there twice"),
        ("ids.first = 65536\n[ids]\nfirst = 65536", "f:3: ids.first is there twice"),
        ("[ids]\nfirst = 065536", "f:2: \"065536\" is no string, integer or boolean: strings stand in quotes"),
        ("[ids]\nfirst = 65_\n", "f:2: \"65_\" is no string, integer or boolean: strings stand in quotes"),
        ("é = 1", "f:1: a key of letters, digits, - and _ expected, not \"é = 1\""),
    ])
    func badFilesNameTheLine(_ text: String, _ expected: String) { #expect(message(text) == expected) }

    @Test func theEnvironmentWins() throws {
        let file = try temporary("pods = \"per-pod\"\n")
        defer { unsafe unlink(file) }
        let load = { (environment: [String: String]) in try NodeConfiguration.load(file, environment: environment).pods }
        #expect(try load([:]) == .perPod)
        #expect(try load(["VNODE_PER_POD": "false"]) == .perNamespace)
        #expect(try load(["VNODE_PER_POD": "true"]) == .perPod)
    }

    @Test(arguments: ["", "1", "yes", "True", " true"])
    func otherValuesOfTheVariableAreErrors(_ value: String) {
        #expect(throws: ConfigurationError("VNODE_PER_POD=\"\(value)\": must be true or false, or not set")) {
            try NodeConfiguration.load("/nonexistent/config.toml", environment: ["VNODE_PER_POD": value])
        }
    }

    @Test func withoutAFileDefaultsHoldAndOtherErrorsShow() throws {
        #expect(try NodeConfiguration.load("/nonexistent/config.toml", environment: [:]) == NodeConfiguration())
        #expect(throws: ConfigurationError("reading /proc/self: EISDIR")) { try NodeConfiguration.load("/proc/self", environment: [:]) }
        let file = try temporary("a = 1\n")
        defer { unsafe unlink(file) }
        #expect(throws: ConfigurationError.self) { try NodeConfiguration.load(file, environment: [:]) }
    }

    @Test func placesAreTheFilesUnlessTheyAreGiven() throws {
        let file = try temporary("state-dir = \"/run/a\"\nsocket = \"/run/a/s\"\n")
        defer { unsafe unlink(file) }
        #expect(try NodeConfiguration.stateDirectory(given: nil, from: file) == "/run/a")
        #expect(try NodeConfiguration.socket(given: nil, from: file) == "/run/a/s")
        #expect(try NodeConfiguration.stateDirectory(given: nil, from: "/nonexistent") == "/run/vnode")
        #expect(try NodeConfiguration.socket(given: nil, from: "/nonexistent") == "/run/vnode/vnode-fs.sock")
        let broken = try temporary("\nsocket = 1\n")
        defer { unsafe unlink(broken) }
        #expect(try NodeConfiguration.stateDirectory(given: "/x", from: broken) == "/x")
        #expect(try NodeConfiguration.socket(given: "/x", from: broken) == "/x")
        let expected = ConfigurationError("\(broken):2: socket must be a string, not an integer")
        #expect(throws: expected) { try NodeConfiguration.stateDirectory(given: nil, from: broken) }
        #expect(throws: expected) { try NodeConfiguration.socket(given: nil, from: broken) }
    }

    private func temporary(_ text: String) throws -> String {
        let path = "/tmp/vnode-config-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        _ = try Files.open(path, flags: O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
        try Files.write(text, to: path)
        return path
    }
}
