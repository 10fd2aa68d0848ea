import Linux
import SystemPackage

/// Sub-paths of volumes, `<pod>/volume-subpaths/<volume>/<container>/<index>`: binds the kubelet makes on the node, of hostPath volumes too.
/// One of those would be whatever of the node the pod's author has asked for. So it is looked at what is bound there: it must lie in a
/// volume of the pod's, `<pod>/volumes/<plugin>/<volume>`, which a hostPath has none of.
enum SubPaths {
    static let directory = "volume-subpaths"

    /// The plugin of the volume that the source of a mount is a sub-path of: `kubernetes.io~secret`. nil for what is none. `table` is the node's.
    static func plugin(_ place: ManagedPaths.Place, in table: MountTable, destination: String) throws(Failure) -> String? {
        let parts = place.rest.split(separator: "/").map(String.init)
        guard parts.first == directory else { return nil }
        // As the mount table has it.
        guard parts.count == 4, let base = try? NodePlace(place.base).path else { throw refusal(place, destination) }
        for plugin in (try? Directories.list(base + "/volumes")) ?? [] {
            let volume = ManagedPaths.content(of: "\(base)/volumes/\(plugin.name)/\(parts[1])", plugin: plugin.name)
            guard Directories.kind(volume) == .directory else { continue }
            if isShown(at: base + "/" + place.rest, of: volume, in: table) { return plugin.name }
        }
        throw refusal(place, destination)
    }

    private static func refusal(_ place: ManagedPaths.Place, _ destination: String) -> Failure {
        Failure(
            "staging \(destination): \(place.base)/\(place.rest): a sub-path of no volume of the kubelet's: a hostPath is a path of the vNode, "
                + "of which the kubelet has no sub-paths")
    }

    /// Whether what is mounted at `point` lies in the directory `volume`.
    static func isShown(at point: String, of volume: String, in table: MountTable) -> Bool {
        guard let shown = table.mount(at: point), let (mount, inside) = table.mount(holding: volume) else { return false }
        return mount.device == shown.device && MountTable.isIn(shown.root, inside)
    }
}
