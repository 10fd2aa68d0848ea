/// Which sources of mounts are the node's: what kubelet and containerd keep for this very pod. Every other path is one of the vNode's,
/// because a pod's author chooses it.
public struct ManagedPaths: Sendable, Equatable {
    public var kubelet = "/var/lib/kubelet"
    /// State and root directory of containerd.
    public var containerd = ["/run/containerd", "/var/lib/containerd"]

    public init() {}

    /// A directory nobody but kubelet or containerd writes to, and the way from there, which a pod may have had a hand in.
    public struct Place: Sendable, Equatable {
        public var base: String
        public var rest: String
    }

    /// nil for a path of the vNode's.
    public func place(of source: String, pod: PodAnnotations?, container: String) -> Place? {
        guard let pod, ManagedPaths.isPlain(source) else { return nil }
        var bases: [String] = []
        if ManagedPaths.isComponent(pod.uid) { bases.append("\(kubelet)/pods/\(pod.uid)") }
        for directory in containerd {
            if ManagedPaths.isComponent(pod.sandboxID) { bases.append("\(directory)/io.containerd.grpc.v1.cri/sandboxes/\(pod.sandboxID)") }
            if ManagedPaths.isComponent(container) { bases.append("\(directory)/io.containerd.grpc.v1.cri/containers/\(container)") }
        }
        guard let base = bases.first(where: { source.hasPrefix($0 + "/") }) else { return nil }
        return Place(base: base, rest: String(source.dropFirst(base.count + 1)))
    }

    /// `/dev/shm` of a pod: what its containers share, shown in the outer container at its own path.
    func isShm(_ source: String, pod: PodAnnotations?) -> Bool {
        guard let pod else { return false }
        return containerd.contains { source == "\($0)/io.containerd.grpc.v1.cri/sandboxes/\(pod.sandboxID)/shm" }
    }

    /// An absolute path without `.`, `..` and empty components.
    static func isPlain(_ path: String) -> Bool {
        path.hasPrefix("/")
            && path.dropFirst().split(separator: "/", omittingEmptySubsequences: false).allSatisfy { isComponent(String($0)) }
    }

    static func isComponent(_ text: String) -> Bool {
        !text.isEmpty && text != "." && text != ".." && !text.utf8.contains(0x2f) && !text.utf8.contains(0)
    }
}
