import OCI

/// Which vNode a container goes to.
public struct PodKey: Codable, Sendable, Equatable {
    public enum Scope: String, Codable, Sendable {
        /// One vNode for a Kubernetes namespace.
        case namespace
        /// One for a pod.
        case pod
        /// One for a container that belongs to no pod.
        case container
    }

    public var scope: Scope
    public var value: String

    public init(_ scope: Scope, _ value: String) {
        self.scope = scope
        self.value = value
    }

    /// Name of the vNode. Values that are no name, or too long a one, are told apart by their hash.
    public var vnodeName: String {
        let prefix =
            switch scope {
            case .namespace: "ns-"
            case .pod: "pod-"
            case .container: "ctr-"
            }
        let plain = prefix + value
        if Name.isValid(plain) { return plain }
        let kept = value.lowercased().unicodeScalars.filter { $0.isASCII && (("a"..."z").contains($0) || ("0"..."9").contains($0)) }
        return prefix + String(String.UnicodeScalarView(kept.prefix(32))) + "-" + PodKey.hash(value)
    }

    /// FNV-1a, 64 bits.
    static func hash(of text: String) -> UInt64 {
        text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }

    private static func hash(_ text: String) -> String {
        let digits = String(hash(of: text), radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

/// What containerd's CRI tells of a container in its annotations.
public struct PodAnnotations: Sendable, Equatable {
    public static let prefix = "io.kubernetes.cri."

    public var isSandbox: Bool
    public var sandboxID: String
    public var namespace: String
    public var name: String
    public var uid: String

    /// nil when the container belongs to no pod. Throws when the annotations are there and not whole.
    public init?(_ spec: JSON) throws(Failure) {
        let annotations = spec["annotations"]?.object ?? [:]
        let value = { (name: String) in annotations[PodAnnotations.prefix + name]?.string ?? "" }
        guard annotations.keys.contains(PodAnnotations.prefix + "container-type") else { return nil }
        switch value("container-type") {
        case "sandbox": isSandbox = true
        case "container": isSandbox = false
        case let other: throw Failure("annotation \(PodAnnotations.prefix)container-type: \"\(other)\" is neither sandbox nor container")
        }
        for name in ["sandbox-id", "sandbox-namespace"] where value(name).isEmpty {
            throw Failure("annotation \(PodAnnotations.prefix)\(name) is missing: vNodes need containerd 1.7 or 2.x")
        }
        sandboxID = value("sandbox-id")
        namespace = value("sandbox-namespace")
        name = value("sandbox-name")
        uid = value("sandbox-uid")
    }
}

/// How pods are put into vNodes, for the whole node.
public enum PodMode: Sendable, Equatable {
    case perNamespace, perPod

    /// `root` is where the caller keeps its containers: containerd's ends with its namespace.
    public func key(of pod: PodAnnotations?, container: String, root: String) -> PodKey {
        guard let pod else { return PodKey(.container, (root.split(separator: "/").last.map { $0 + "." } ?? "") + container) }
        switch self {
        case .perNamespace: return PodKey(.namespace, pod.namespace)
        case .perPod: return PodKey(.pod, pod.sandboxID)
        }
    }
}
