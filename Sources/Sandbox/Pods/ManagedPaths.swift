/// Which sources of mounts are the node's: what kubelet and containerd keep for this very pod. Every other path is one of the vNode's,
/// because a pod's author chooses it.
public struct ManagedPaths: Sendable, Equatable {
    public var kubelet: String
    /// State and root directory of containerd.
    public var containerd: [String]

    public init(kubelet: String = "/var/lib/kubelet", containerd: [String] = ["/run/containerd", "/var/lib/containerd"]) {
        (self.kubelet, self.containerd) = (kubelet, containerd)
    }

    /// A directory nobody but kubelet or containerd writes to, and the way from there, which a pod may have had a hand in.
    public struct Place: Sendable, Equatable {
        public var base: String
        public var rest: String
        /// An image as a volume: like a root filesystem an overlay, which cannot be ID-mapped itself.
        public var isImage = false

        /// Of a volume: `kubernetes.io~secret`.
        var plugin: String? {
            let parts = rest.split(separator: "/")
            return parts.count > 2 && parts[0] == "volumes" ? String(parts[1]) : nil
        }

        /// Whether it is what is mounted of a volume and nothing beside; nil for what is of none.
        var isWholeVolume: Bool? {
            guard let plugin else { return nil }
            return rest == ManagedPaths.content(of: rest.split(separator: "/").prefix(3).joined(separator: "/"), plugin: plugin)
        }

        /// The image, and the way within it.
        var splitImage: (image: String, part: String) {
            let parts = rest.split(separator: "/", maxSplits: 1)
            return (String(parts.first ?? ""), parts.count > 1 ? String(parts[1]) : "")
        }
    }

    /// What containers are given of each directory; `*` is any name. Nothing above these and nothing within: containerd follows a symlink a
    /// hostPath ends in, on the node, so an author may have any path here. With a directory above a volume, or with what is in one of a CSI
    /// driver beside `mount`, a pod could have the kubelet write and remove elsewhere.
    private static let ofPod = ["etc-hosts", "containers/*/*", "volumes/*/*", "volumes/*/*/mount", "\(SubPaths.directory)/*/*/*"]
    private static let ofSandbox = ["hostname", "hosts", "resolv.conf", "shm"]
    private static let ofContainer = ["volumes/*"]
    /// Below it a directory for each sandbox, with one for each image.
    private static let images = "image-volumes"

    /// nil for a path of the vNode's.
    func place(of source: String, pod: PodAnnotations?, container: String) throws(Failure) -> Place? {
        guard let pod, ManagedPaths.isPlain(source) else { return nil }
        // Without layouts: images.
        var bases: [(path: String, layouts: [String]?)] = []
        if ManagedPaths.isComponent(pod.uid) { bases.append(("\(kubelet)/pods/\(pod.uid)", ManagedPaths.ofPod)) }
        for directory in containerd {
            let cri = directory + "/io.containerd.grpc.v1.cri"
            if ManagedPaths.isComponent(pod.sandboxID) {
                bases.append(("\(cri)/sandboxes/\(pod.sandboxID)", ManagedPaths.ofSandbox))
                bases.append(("\(cri)/\(ManagedPaths.images)/\(pod.sandboxID)", nil))
            }
            if ManagedPaths.isComponent(container) { bases.append(("\(cri)/containers/\(container)", ManagedPaths.ofContainer)) }
        }
        guard let (base, layouts) = bases.first(where: { MountTable.isIn(source, $0.path) }) else { return nil }
        let rest = String(source.dropFirst(base.count + 1))
        // A sub-path of an image is one: containerd looks it up in the image, within which anything may be shown.
        if layouts == nil, !rest.isEmpty { return Place(base: base, rest: rest, isImage: true) }
        let place = Place(base: base, rest: rest)
        guard layouts?.contains(where: { ManagedPaths.matches(rest, $0) }) == true, place.isWholeVolume != false else {
            throw Failure("\(source): not what kubelet or containerd give a container: a hostPath is a path of the vNode")
        }
        return place
    }

    private static func matches(_ rest: String, _ layout: String) -> Bool {
        let (parts, names) = (rest.split(separator: "/"), layout.split(separator: "/"))
        return parts.count == names.count && zip(parts, names).allSatisfy { $0 == $1 || $1 == "*" }
    }

    /// Where the content of a volume is, of a directory `volumes/<plugin>/<volume>`.
    static func content(of volume: String, plugin: String) -> String { plugin == "kubernetes.io~csi" ? volume + "/mount" : volume }

    /// Volumes the kubelet writes to, as the node's root and following links: no container may, whatever its bundle says (CVE-2017-1002102).
    static func isWrittenByKubelet(plugin: some StringProtocol) -> Bool {
        ["configmap", "downward-api", "projected", "secret"].contains { plugin == "kubernetes.io~" + $0 }
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
