import Linux
import SystemPackage

/// Sub-paths of volumes, `<pod>/volume-subpaths/<volume>/<container>/<index>`: binds the kubelet makes on the node, of hostPath volumes too.
/// One of those would be whatever of the node the pod's author has asked for. So it is looked at what is bound there: it must lie in a
/// volume of the pod's, `<pod>/volumes/<plugin>/<volume>`, which a hostPath has none of.
enum SubPaths {
    static let directory = "volume-subpaths"

    /// Throws for the source of a mount that is a sub-path, and none of a volume. Only on the node.
    static func check(_ place: ManagedPaths.Place, destination: String) throws(Failure) {
        let parts = place.rest.split(separator: "/").map(String.init)
        guard parts.first == directory else { return }
        guard parts.count >= 4, let table = try? MountTable() else { throw refusal(place, destination) }
        var volumes: [String] = []
        for plugin in (try? Directories.list(place.base + "/volumes")) ?? [] {
            let volume = "\(place.base)/volumes/\(plugin.name)/\(parts[1])"
            // A CSI driver's is mounted one below.
            for path in [volume, volume + "/mount"] where Directories.kind(path) == .directory { volumes.append(path) }
        }
        let point = place.base + "/" + parts.prefix(4).joined(separator: "/")
        guard isShown(at: point, of: volumes, in: table) else { throw refusal(place, destination) }
    }

    private static func refusal(_ place: ManagedPaths.Place, _ destination: String) -> Failure {
        Failure(
            "staging \(destination): \(place.base)/\(place.rest): a sub-path of no volume of the kubelet's: a hostPath is a path of the vNode, "
                + "of which the kubelet has no sub-paths")
    }

    /// Whether what is mounted at `point` lies in one of the directories.
    static func isShown(at point: String, of volumes: [String], in table: MountTable) -> Bool {
        guard let shown = table.mount(at: point) else { return false }
        return volumes.contains { volume in
            guard let (mount, inside) = table.mount(holding: volume) else { return false }
            return mount.device == shown.device && MountTable.isIn(shown.root, inside)
        }
    }
}
