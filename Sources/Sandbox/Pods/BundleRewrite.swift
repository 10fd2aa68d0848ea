import OCI

/// A container's bundle, made to run inside a vNode. Pure: what is to be known of the machine is told.
///
/// What is not named here stays as it is. An entry that asks for more than the vNode has is an error, never left out in silence.
struct BundleRewrite {
    /// What the rewriting is told.
    struct Surroundings {
        /// The container's directory in staging.
        var top: String
        /// The vNode's first process, whose namespaces are joined.
        var initPID: Int32
        var uidBase: UInt32
        var pod: PodAnnotations?
        var container: String
        var paths = ManagedPaths()
        var cgroupsPath: String
        /// Our filter of system calls, with its listener.
        var filter: JSON?
        /// Profiles can be applied.
        var hasAppArmor = false
        /// Whether a namespace belongs to the vNode's user namespace.
        var isOwn: (String) -> Bool = { _ in false }
    }

    /// The container's network, entered before the engine runs.
    enum Network: Equatable {
        case vnode
        case path(String)
        /// A new one of the vNode's.
        case new
    }

    /// A mount to be made in staging, which the engine binds.
    struct Source: Equatable {
        enum Origin: Equatable {
            case node(ManagedPaths.Place)
            case outer(String)
        }

        /// `/inner/<container>/mounts/<number>`
        var target: String
        var origin: Origin
        /// Also to be seen in the outer container, at this path.
        var shownAt: String?
        /// For messages.
        var destination: String
    }

    private(set) var spec: JSON
    private(set) var sources: [Source] = []
    private(set) var devices: ContainerDevices
    private(set) var sysctls: [String: String] = [:]
    private(set) var network = Network.vnode
    /// A privileged pod: its `/proc/sys` is not asked to be read-only.
    private(set) var mayWriteSysctls = true
    /// Of the bundle as it was, on the node.
    let rootPath: String

    init(_ original: JSON, in surroundings: Surroundings) throws(Failure) {
        spec = original
        guard original.object != nil, let root = original["root"]?["path"]?.string, !root.isEmpty else {
            throw Failure("config.json: no root.path")
        }
        rootPath = root
        try KnownKeys.check(original, at: "")
        guard original["linux"]?.object != nil else { throw Failure("config.json: no linux section") }
        devices = try ContainerDevices(original["linux"]?["devices"]?.array ?? [], top: surroundings.top)
        try refuseHooks()
        try refuseAnnotations()
        spec["root"]?["path"] = .string(surroundings.top + "/rootfs")
        try rewriteProcess(surroundings)
        try rewriteNamespaces(surroundings)
        try rewriteMounts(surroundings)
        spec["linux"]?["devices"] = nil
        spec["mounts"] = .array((spec["mounts"]?.array ?? []) + devices.mounts)
        try takeSysctls()
        let mapping: JSON = [
            "containerID": .signed(0), "hostID": .signed(Int64(surroundings.uidBase)), "size": .signed(Int64(IDRange.size)),
        ]
        spec["linux"]?["uidMappings"] = [mapping]
        spec["linux"]?["gidMappings"] = [mapping]
        spec["linux"]?["cgroupsPath"] = .string(surroundings.cgroupsPath)
        // The trees are covered already, and their mounts are locked.
        for list in ["maskedPaths", "readonlyPaths"] {
            guard let paths = spec["linux"]?[list]?.array else { continue }
            if paths.contains(where: { ["/proc", "/proc/sys"].contains($0.string) }) { mayWriteSysctls = false }
            spec["linux"]?[list] = .array(paths.filter { !BundleRewrite.isOfTree($0.string ?? "") })
        }
        try mergeFilter(surroundings)
        // Staged mounts come and go nowhere else.
        spec["linux"]?["rootfsPropagation"] = nil
    }

    /// Without the mount of cgroup2, where the tree has no place for it.
    mutating func dropCgroupMount() {
        guard let mounts = spec["mounts"]?.array else { return }
        spec["mounts"] = .array(mounts.filter { !["cgroup", "cgroup2"].contains($0["type"]?.string ?? "") })
    }

    /// What a staged mount does not allow is locked in the vNode's user namespace, and cannot be undone: an engine that remounts it for other
    /// options has to say it too.
    mutating func keepFlags(_ staging: MountTable) {
        guard let mounts = spec["mounts"]?.array else { return }
        let locked = ["ro": "rw", "nosuid": "suid", "nodev": "dev", "noexec": "exec"]
        spec["mounts"] = .array(
            mounts.map { entry in
                let options = (entry["options"]?.array ?? []).compactMap(\.string)
                guard entry["type"]?.string == "bind",
                    let flags = entry["source"]?.string.flatMap({ staging.mount(at: $0) })?.flags.map(String.init)
                else { return entry }
                let here = locked.filter { flags.contains($0.key) }
                // runc from 1.2 on remounts for what is to be allowed as well: `rw`, which containerd always says.
                guard options.contains(where: BundleRewrite.isSet) || here.values.contains(where: options.contains) else { return entry }
                let kept = here.keys.sorted().filter { !options.contains($0) }
                var mount = entry
                mount["options"] = .array((options.filter { option in !kept.contains { locked[$0] == option } } + kept).map { .string($0) })
                return mount
            })
    }

    static func isOfTree(_ path: String) -> Bool {
        ["/proc", "/sys"].contains { MountTable.isIn(path, $0) }
    }

    private func refuseHooks() throws(Failure) {
        for (name, list) in spec["hooks"]?.object ?? [:] where list.array?.isEmpty == false {
            throw Failure("hooks.\(name): not supported: hooks run with the node's rights, and devices they prepare are not a vNode's")
        }
    }

    /// What an annotation has an engine or systemd do, beside what the bundle says: crun loads another filter than `linux.seccomp`
    /// (`run.oci.seccomp_bpf_data`), or runs the program by a handler; runc and crun give properties to the container's unit.
    static let annotationsOfEngines = ["run.oci.", "module.wasm.", "org.systemd.property."]

    private func refuseAnnotations() throws(Failure) {
        for name in (spec["annotations"]?.object ?? [:]).keys.sorted() {
            guard BundleRewrite.annotationsOfEngines.contains(where: { name.utf8.starts(with: $0.utf8) }) else { continue }
            throw Failure("annotations: \(name): not supported: it has the engine do what the rest of the bundle does not say")
        }
    }

    private mutating func rewriteProcess(_ surroundings: Surroundings) throws(Failure) {
        guard let process = spec["process"] else { return }
        spec["process"] = try BundleRewrite.process(process, hasAppArmor: surroundings.hasAppArmor)
    }

    /// Of a container, or of one more program in it.
    static func process(_ process: JSON, hasAppArmor: Bool) throws(Failure) -> JSON {
        try KnownKeys.check(process, at: "process")
        var process = process
        if !hasAppArmor { process["apparmorProfile"] = nil }
        for name in ["uid", "gid"] {
            guard let id = process["user"]?[name]?.integer, id < 0 || id >= Int64(IDRange.size) else { continue }
            throw Failure("process.user.\(name): \(id): a vNode has the ids 0 to \(IDRange.size - 1)")
        }
        for id in process["user"]?["additionalGids"]?.array ?? [] where !(0..<Int64(IDRange.size)).contains(id.integer ?? -1) {
            throw Failure("process.user.additionalGids: \(id.integer ?? -1): a vNode has the ids 0 to \(IDRange.size - 1)")
        }
        return process
    }

    /// Ours decides about what it names, and what the pod's denies stays denied.
    private mutating func mergeFilter(_ surroundings: Surroundings) throws(Failure) {
        guard let filter = surroundings.filter else { return }
        let merged: JSON
        do throws(SeccompMerge.Problem) { merged = try SeccompMerge.merge(spec["linux"]?["seccomp"], with: filter) } catch {
            switch error {
            case .listener: throw Failure("linux.seccomp: a listener of its own is not supported: there can be one only, and it is ours")
            case .malformed(let reason): throw Failure("linux.seccomp: \(reason)")
            }
        }
        spec["linux"]?["seccomp"] = merged
    }

    private mutating func takeSysctls() throws(Failure) {
        for (name, value) in spec["linux"]?["sysctl"]?.object ?? [:] {
            guard let value = value.string else { throw Failure("linux.sysctl.\(name): not a text") }
            sysctls[name] = value
        }
        spec["linux"]?["sysctl"] = nil
    }
}

// MARK: - namespaces

extension BundleRewrite {
    private mutating func rewriteNamespaces(_ surroundings: Surroundings) throws(Failure) {
        let given = spec["linux"]?["namespaces"]?.array ?? []
        var asked: [String: String] = [:]
        for entry in given {
            guard let type = entry["type"]?.string else { throw Failure("linux.namespaces: an entry without a type") }
            asked[type] = entry["path"]?.string ?? ""
        }
        if asked["user"] != nil || !(spec["linux"]?["uidMappings"]?.array ?? []).isEmpty {
            throw Failure("linux.namespaces: a user namespace of the pod's own (hostUsers: false) is not supported: the vNode is one")
        }
        for type in ["mount", "cgroup"] where asked[type]?.isEmpty == false {
            throw Failure("linux.namespaces: \(type) by path is not supported")
        }
        guard asked["mount"] != nil else { throw Failure("linux.namespaces: no mount namespace") }
        let own = { (type: String) in "/proc/\(surroundings.initPID)/ns/\(type)" }
        var namespaces: [JSON] = [["type": "user", "path": .string(own("user"))], ["type": "pid", "path": .string(own("pid"))]]
        for type in ["ipc", "uts"] {
            switch asked[type] {
            case "": namespaces.append(["type": .string(type)])
            case let path? where surroundings.isOwn(path): namespaces.append(["type": .string(type), "path": .string(path)])
            default: namespaces.append(["type": .string(type), "path": .string(own(type))])
            }
        }
        namespaces += [["type": "mount"], ["type": "cgroup"]]
        spec["linux"]?["namespaces"] = .array(namespaces)
        // Who joins a namespace does not name it.
        if asked["uts"] != "" {
            spec["hostname"] = nil
            spec["domainname"] = nil
        }
        switch asked["network"] {
        case nil: network = .vnode
        case "": network = .new
        case let path?: network = .path(path)
        }
    }
}

// MARK: - mounts

extension BundleRewrite {
    /// File systems an engine makes anew in the container's user namespace. Others have sources and options that are paths of staging
    /// (`lowerdir`), or reach the node's.
    private static let newFileSystems: Set<String> = ["tmpfs", "devpts", "mqueue", "cgroup", "cgroup2"]

    /// Whether an option of a bind mount sets something, which takes a remount.
    private static func isSet(_ option: String) -> Bool {
        let propagation = ["private", "slave", "shared", "unbindable"]
        return !["bind", "rbind", "rw", "suid", "dev", "exec"].contains(option)
            && !propagation.contains { option == $0 || option == "r" + $0 }
    }

    /// Whether an option has the engine shift owners itself, in crun's notation too.
    private static func isOfIDs(_ option: String) -> Bool {
        ["idmap", "ridmap"].contains { option == $0 || option.hasPrefix($0 + "=") }
    }

    private mutating func rewriteMounts(_ surroundings: Surroundings) throws(Failure) {
        var mounts: [JSON] = []
        for (index, entry) in (spec["mounts"]?.array ?? []).enumerated() {
            var mount = entry
            let destination = entry["destination"]?.string ?? ""
            let options = (entry["options"]?.array ?? []).compactMap(\.string)
            let type = entry["type"]?.string ?? ""
            guard destination.hasPrefix("/") else { throw Failure("mounts: \"\(destination)\" is no absolute destination") }
            mount["uidMappings"] = nil
            mount["gidMappings"] = nil
            if type == "proc" || type == "sysfs" {
                mount["type"] = "bind"
                mount["source"] = .string(surroundings.top + (type == "proc" ? "/proc" : "/sys"))
                mount["options"] = ["rbind", "nosuid", "nodev", "noexec"]
            } else if type == "bind" || options.contains("bind") || options.contains("rbind") {
                let source = entry["source"]?.string ?? ""
                let found = try self.source(
                    source, target: "\(surroundings.top)/mounts/\(index)", destination: destination, surroundings)
                sources.append(found)
                mount["type"] = "bind"
                mount["source"] = .string(found.target)
                mount["options"] = .array(options.filter { !BundleRewrite.isOfIDs($0) }.map { .string($0) })
            } else if BundleRewrite.newFileSystems.contains(type) {
                if entry["options"] != nil { mount["options"] = .array(options.filter { !BundleRewrite.isOfIDs($0) }.map { .string($0) }) }
            } else {
                throw Failure(
                    "mounts: \(destination): a file system of the type \"\(type)\" is not supported: proc, sysfs, bind, "
                        + BundleRewrite.newFileSystems.sorted().joined(separator: ", ") + " are")
            }
            mounts.append(mount)
        }
        spec["mounts"] = .array(mounts)
    }

    private func source(
        _ source: String, target: String, destination: String, _ surroundings: Surroundings
    ) throws(Failure) -> Source {
        let found: ManagedPaths.Place?
        do throws(Failure) {
            found = try surroundings.paths.place(of: source, pod: surroundings.pod, container: surroundings.container)
        } catch { throw Failure("staging \(destination): \(error.message)") }
        if let place = found {
            if place.isImage {
                let name = place.splitImage.part.isEmpty ? RootTree.name : RootTree.part
                return Source(target: target + name, origin: .node(place), shownAt: nil, destination: destination)
            }
            // Once a pod: its containers share it.
            let isShown = surroundings.pod?.isSandbox == true && surroundings.paths.isShm(source, pod: surroundings.pod)
            return Source(target: target, origin: .node(place), shownAt: isShown ? source : nil, destination: destination)
        }
        guard source.hasPrefix("/") else { throw Failure("mounts: \(destination): source \"\(source)\" is no absolute path") }
        return Source(target: target, origin: .outer(source), shownAt: nil, destination: destination)
    }
}
