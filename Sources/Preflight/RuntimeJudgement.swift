extension Judgement {
    static func runtime(_ facts: Facts) -> [Finding] { [containerd(facts.containerd), cri(facts.containerd), others(facts)] }

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

        public init(_ dump: String) {
            for line in dump.split(separator: "\n") {
                if line.hasPrefix("[") { break }
                let parts = line.split(separator: "=", maxSplits: 1).map { $0.trimming(while: { $0 == " " }) }
                guard parts.count == 2 else { continue }
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
