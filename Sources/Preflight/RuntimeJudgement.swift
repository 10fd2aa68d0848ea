import NodeConfiguration

extension Judgement {
    static func runtime(_ facts: Facts) -> [Finding] {
        [containerd(facts.containerd), cri(facts.containerd), selinux(facts), engine(facts), directories(facts), others(facts)]
    }

    private static func containerd(_ containerd: Facts.Containerd?) -> Finding {
        let needed = "containerd 1.7 or 2.x"
        guard let containerd else {
            return Finding("containerd", false, found: "not in PATH", needed: needed, remedy: "install containerd")
        }
        let version = Containerd.version(containerd.version)
        let ok = version.map { $0.major == 1 && $0.minor == 7 || $0.major == 2 } ?? false
        let found =
            version.map { "\($0.major).\($0.minor).\($0.patch) (\(containerd.path))" } ?? "\(containerd.path): \(containerd.version)"
        return Finding("containerd", ok, found: found, needed: needed, remedy: "install one of these")
    }

    private static func cri(_ containerd: Facts.Containerd?) -> Finding {
        let needed = "the CRI plugin enabled, configuration version 2 or 3"
        guard let containerd else { return Finding("cri", false, found: "no containerd", needed: needed, remedy: "install containerd") }
        guard let dump = containerd.configuration else {
            return Finding(
                "cri", false, found: "containerd config dump fails", needed: needed,
                remedy: "run containerd config dump and mend what it names")
        }
        let configuration = Containerd.Configuration(dump)
        switch (configuration.version, configuration.isCRIDisabled) {
        case (_, true):
            return Finding(
                "cri", false, found: "disabled_plugins names it", needed: needed,
                remedy: "take cri out of disabled_plugins in /etc/containerd/config.toml")
        case (2?, _), (3?, _):
            return Finding("cri", true, found: "enabled, configuration version \(configuration.version ?? 0)", needed: needed, remedy: "")
        case (let other, _):
            return Finding(
                "cri", false, found: "configuration version \(other.map(String.init) ?? "unknown")", needed: needed,
                remedy: "containerd config migrate")
        }
    }

    private static func selinux(_ facts: Facts) -> Finding {
        let isOn = facts.hasSELinux && facts.containerd?.configuration.map { Containerd.Configuration($0).hasSELinux } ?? false
        return Finding(
            "selinux", !isOn, found: isOn ? "containerd labels containers" : "containerd labels no containers",
            needed: "no SELinux labels: vNodes do not keep those of root file systems",
            remedy: "set enable_selinux = false for the CRI plugin")
    }

    /// crun before 1.9 leaves out what is mounted in `/proc` and `/sys`: `vnode-runtime` refuses such a container.
    private static func engine(_ facts: Facts) -> Finding {
        let name = facts.configured.engine
        let needed = "runc 1.1 or crun 1.9 or later"
        let remedy = "install one of these, or name it: engine = \"/usr/bin/crun\" in /etc/vnode/config.toml"
        guard let said = facts.engineVersion else {
            return Finding("engine", false, found: "\(name) cannot be executed", needed: needed, remedy: remedy)
        }
        let words = said.split(whereSeparator: \.isWhitespace)
        let numbers = words.count > 2 ? words[2].split(whereSeparator: { !$0.isNumber }).prefix(2).compactMap { Int($0) } : []
        guard numbers.count == 2, words[1] == "version" else {
            return Finding("engine", false, found: "\(name): \(said.prefix(60))", needed: needed, remedy: remedy)
        }
        let least = ["runc": (1, 1), "crun": (1, 9)][String(words[0])]
        let ok = least.map { (numbers[0], numbers[1]) >= $0 } ?? false
        return Finding("engine", ok, found: "\(words[0]) \(words[2]) (\(name))", needed: needed, remedy: remedy)
    }

    /// What lies elsewhere is no volume of a pod's but a path of its vNode.
    private static func directories(_ facts: Facts) -> Finding {
        let configured = facts.configured
        let used = facts.containerd?.configuration.map(Containerd.Configuration.init)
        let pairs = [
            ("kubelet-dir", facts.kubeletDirectory, configured.kubelet), ("containerd-root", used?.root, configured.containerdRoot),
            ("containerd-state", used?.state, configured.containerdState),
        ]
        let wrong = pairs.compactMap { key, used, configured -> String? in
            // As both take them: without a slash at the end.
            guard let path = used?.split(separator: "/").map({ "/" + $0 }).joined(), path != configured else { return nil }
            return "\(key) = \"\(path)\""
        }
        return Finding(
            "directories", wrong.isEmpty, found: wrong.isEmpty ? pairs.map(\.2).joined(separator: " ") : wrong.joined(separator: ", "),
            needed: "those of kubelet and containerd, as /etc/vnode/config.toml has them",
            remedy: "write to /etc/vnode/config.toml: \(wrong.joined(separator: ", "))")
    }

    private static let known = [
        ("crio", "cri-o"), ("cri-dockerd", "cri-dockerd"), ("dockershim", "dockershim"), ("docker", "Docker Engine"),
    ]

    private static func name(ofSocket path: String) -> String { known.first { path.contains($0.0) }?.1 ?? path }

    /// What the kubelet talks to decides, where it says so; otherwise what is there.
    private static func others(_ facts: Facts) -> Finding {
        let needed = "the kubelet talks to containerd, not to cri-o, cri-dockerd or Docker Engine"
        let remedy = "point the kubelet's containerRuntimeEndpoint at unix:///run/containerd/containerd.sock"
        if let endpoint = facts.kubeletEndpoint {
            let ok = endpoint.contains("containerd") && !endpoint.contains("docker")
            return Finding(
                "kubelet", ok, found: ok ? endpoint : "\(name(ofSocket: endpoint)) (\(endpoint))", needed: needed, remedy: remedy)
        }
        // Docker Engine beside a containerd that speaks CRI is nobody's concern.
        let speaksCRI = facts.containerd?.configuration.map { !Containerd.Configuration($0).isCRIDisabled } ?? false
        let wrong = facts.otherSockets.filter { !speaksCRI || name(ofSocket: $0) != "Docker Engine" }
        let found = wrong.isEmpty ? "no other runtime" : wrong.map { "\(name(ofSocket: $0)) (\($0))" }.joined(separator: ", ")
        return Finding("kubelet", wrong.isEmpty, found: found, needed: needed, remedy: remedy)
    }
}

/// What containerd tells of itself.
public enum Containerd {
    /// `containerd github.com/containerd/containerd 1.7.24~ds1 1.7.24~ds1-6+deb13u1`, `containerd containerd.io v2.1.9 0123`.
    public static func version(_ text: String) -> (major: Int, minor: Int, patch: Int)? {
        for word in text.split(whereSeparator: \.isWhitespace).dropFirst() {
            let digits = word.first == "v" ? word.dropFirst() : word
            let parts = digits.split(separator: ".", maxSplits: 2)
            guard parts.count == 3, let major = Int(parts[0]), let minor = Int(parts[1]),
                let patch = Int(parts[2].prefix(while: \.isNumber))
            else { continue }
            return (major, minor, patch)
        }
        return nil
    }

    /// The few things of a configuration that matter here, from its dump, which is always written the same way.
    public struct Configuration: Sendable, Equatable {
        public var version: Int?
        public var isCRIDisabled = false
        public var root: String?
        public var state: String?
        public var hasSELinux = false

        public init(_ dump: String) {
            var isTop = true
            for line in dump.split(separator: "\n") {
                if line.hasPrefix("[") { isTop = false }
                let parts = line.split(separator: "=", maxSplits: 1).map { $0.trimming(while: { $0 == " " }) }
                guard parts.count == 2 else { continue }
                if parts[0] == "enable_selinux", parts[1] == "true" { hasSELinux = true }
                guard isTop else { continue }
                let text = String(parts[1].trimming { "\"'".contains($0) })
                if parts[0] == "root" { root = text }
                if parts[0] == "state" { state = text }
                if parts[0] == "version" { version = Int(parts[1]) }
                if parts[0] == "disabled_plugins" {
                    let names = parts[1].split(whereSeparator: { "[]\"', ".contains($0) })
                    isCRIDisabled = names.contains { $0 == "cri" || $0.hasSuffix(".cri") || $0.contains(".cri.v1") }
                }
            }
        }
    }
}

extension Substring {
    func trimming(while matches: (Character) -> Bool) -> Substring {
        var result = drop(while: matches)
        while let last = result.last, matches(last) { result.removeLast() }
        return result
    }
}
