import Glibc
import NodeConfiguration
import Sandbox

// A descriptor 0, 1 or 2 that is closed would be given to the next file opened.
while true {
    let descriptor = unsafe open("/dev/null", O_RDWR)
    if descriptor < 0 || descriptor > 2 {
        _ = close(descriptor)
        break
    }
}

func environment(_ name: String) -> String? { unsafe getenv(name).map { unsafe String(cString: $0) } }

/// What the node's configuration says, or what is wrong with it. The places are also taken from the environment, as `vnode` does.
func settings() throws -> RuntimeSettings {
    do { return try faultless() } catch {
        var settings = RuntimeSettings(
            mode: .perNamespace, engine: environment("VNODE_ENGINE") ?? "runc", socket: "",
            stateDirectory: try environment("VNODE_STATE") ?? NodeConfiguration.stateDirectoryAlone(), ids: .standard)
        settings.fault = "\(error)"
        settings.mayBeElsewhere = environment("VNODE_STATE") == nil && (try? NodeConfiguration.load(environment: [:])) == nil
        return settings
    }
}

func faultless() throws -> RuntimeSettings {
    var variables: [String: String] = [:]
    if let pods = environment(NodeConfiguration.variable) { variables[NodeConfiguration.variable] = pods }
    let node = try NodeConfiguration.load(environment: variables)
    guard let ids = IDPool(node.ids) else { throw Failure("\(NodeConfiguration.defaultPath): ids.first and ids.last: not \(IDPool.forms)") }
    var settings = RuntimeSettings(
        mode: node.pods == .perPod ? .perPod : .perNamespace, engine: environment("VNODE_ENGINE") ?? node.engine,
        socket: environment("VNODE_SOCKET") ?? node.socket, stateDirectory: environment("VNODE_STATE") ?? node.stateDirectory, ids: ids
    )
    settings.paths = ManagedPaths(kubelet: node.kubelet, containerd: [node.containerdState, node.containerdRoot])
    return settings
}

exit(Runtime.run(Array(CommandLine.arguments.dropFirst()), settings: settings))
