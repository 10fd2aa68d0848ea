import Linux
import SystemPackage

/// What a node's administrator decided about vNodes: `/etc/vnode/config.toml`, and over it `VNODE_PER_POD`.
///
/// ```swift
/// let configuration = try NodeConfiguration.load(environment: ProcessInfo.processInfo.environment)
/// ```
///
/// Without the file everything has its default. A key that is not known, a value that makes no sense and a file that cannot be read
/// are errors that name the line: nothing is guessed. `docs/reference/config.md` describes the keys.
public struct NodeConfiguration: Sendable, Equatable {
    /// How pods are put into vNodes.
    public enum Pods: String, Sendable, CaseIterable {
        /// One vNode for a Kubernetes namespace.
        case perNamespace = "per-namespace"
        /// One for a pod.
        case perPod = "per-pod"
    }

    /// `pods`, and `VNODE_PER_POD`.
    public var pods = Pods.perNamespace
    /// `engine`: the OCI engine that runs the containers, found in PATH or absolute.
    public var engine = "runc"
    /// `state-dir`: where vNodes are remembered. Not kept over a reboot, as vNodes are not.
    public var stateDirectory = "/run/vnode"
    /// `socket`: control socket of `vnode-fs serve`.
    public var socket = "/run/vnode/vnode-fs.sock"
    /// `ids.first` and `ids.last`: UIDs and GIDs of the node that vNodes may have, whole ranges of 65,536.
    public var ids: ClosedRange<UInt32> = 65536...4_294_901_759
    /// `kubelet-dir`: the kubelet's `--root-dir`.
    public var kubelet = "/var/lib/kubelet"
    /// `containerd-root` and `containerd-state`: `root` and `state` of its configuration.
    public var containerdRoot = "/var/lib/containerd"
    public var containerdState = "/run/containerd"

    public init() {}

    public static let defaultPath = "/etc/vnode/config.toml"
    public static let variable = "VNODE_PER_POD"

    /// Reads the file, if it is there, and then the environment, which wins.
    public static func load(_ path: String = defaultPath, environment: [String: String]) throws(ConfigurationError) -> NodeConfiguration {
        var configuration = NodeConfiguration()
        do {
            let bytes = try Files.read(path)
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw ConfigurationError("\(path): not UTF-8")
            }
            configuration = try NodeConfiguration(parsing: text, from: path)
        } catch let error as Errno {
            if error != .noSuchFileOrDirectory { throw ConfigurationError("reading \(path): \(error.name)") }
        } catch let error as ConfigurationError {
            throw error
        } catch {
            throw ConfigurationError("reading \(path): \(error)")
        }
        if let pods = try Pods(variable: environment[variable]) { configuration.pods = pods }
        return configuration
    }
}

extension NodeConfiguration {
    /// The state directory of a command: the one it was given, or what the file says. A file that is wrong is an error only where it is
    /// asked.
    public static func stateDirectory(given: String?, from path: String = defaultPath) throws(ConfigurationError) -> String {
        if let given { return given }
        return try load(path, environment: [:]).stateDirectory
    }

    /// What the file says of it, whatever is wrong with the rest of the file.
    public static func stateDirectoryAlone(from path: String = defaultPath) throws(ConfigurationError) -> String {
        let bytes: [UInt8]
        do throws(Errno) { bytes = try Files.read(path) } catch {
            if error == .noSuchFileOrDirectory { return NodeConfiguration().stateDirectory }
            throw ConfigurationError("reading \(path): \(error.name)")
        }
        return try stateDirectoryAlone(parsing: String(decoding: bytes, as: UTF8.self), from: path)
    }

    /// The same of the control socket of `vnode-fs`.
    public static func socket(given: String?, from path: String = defaultPath) throws(ConfigurationError) -> String {
        if let given { return given }
        return try load(path, environment: [:]).socket
    }
}

extension NodeConfiguration.Pods {
    /// What `VNODE_PER_POD` says; nil when it is not set.
    public init?(variable value: String?) throws(ConfigurationError) {
        switch value {
        case nil: return nil
        case "true": self = .perPod
        case "false": self = .perNamespace
        case let other?: throw ConfigurationError("\(NodeConfiguration.variable)=\"\(other)\": must be true or false, or not set")
        }
    }
}

/// What is wrong, and where: `/etc/vnode/config.toml:3: unknown key "engin": ...`.
public struct ConfigurationError: Error, CustomStringConvertible, Equatable {
    public let description: String
    public init(_ description: String) { self.description = description }
}
