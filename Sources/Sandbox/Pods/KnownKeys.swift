import OCI

/// Names of fields as the OCI specification spells them.
///
/// An engine written in Go takes `Hooks` for `hooks`, and `hooKs` with the Kelvin sign too: a field that we do not see would be one that
/// it obeys. crun does not. So what is a known name but for its letters is an error, and so is what is not ASCII.
enum KnownKeys {
    static let all: Set<String> = [
        // config.json
        "ociVersion", "process", "root", "hostname", "domainname", "mounts", "hooks", "annotations", "linux", "solaris", "windows", "vm",
        "zos",
        // process
        "terminal", "consoleSize", "height", "width", "user", "uid", "gid", "umask", "additionalGids", "username", "args", "commandLine",
        "env",
        "cwd", "capabilities", "bounding", "effective", "inheritable", "permitted", "ambient", "rlimits", "type", "hard", "soft",
        "noNewPrivileges", "apparmorProfile", "oomScoreAdj", "scheduler", "policy", "nice", "priority", "flags", "runtime", "deadline",
        "period",
        "selinuxLabel", "ioPriority", "class", "execCPUAffinity", "initial", "final",
        // root, mounts, hooks
        "path", "readonly", "destination", "source", "options", "prestart", "createRuntime", "createContainer", "startContainer",
        "poststart",
        "poststop", "timeout",
        // linux
        "uidMappings", "gidMappings", "containerID", "hostID", "size", "sysctl", "resources", "cgroupsPath", "namespaces", "devices",
        "netDevices", "major", "minor", "fileMode", "seccomp", "rootfsPropagation", "maskedPaths", "readonlyPaths", "mountLabel",
        "intelRdt",
        "personality", "domain", "timeOffsets", "secs", "nanosecs", "memoryPolicy", "mode", "nodes",
        // seccomp
        "defaultAction", "defaultErrnoRet", "architectures", "listenerPath", "listenerMetadata", "syscalls", "names", "action", "errnoRet",
        "index", "value", "valueTwo", "op",
        // resources
        "allow", "access", "memory", "limit", "reservation", "swap", "kernel", "kernelTCP", "swappiness", "disableOOMKiller",
        "useHierarchy",
        "checkBeforeUpdate", "cpu", "shares", "quota", "burst", "realtimeRuntime", "realtimePeriod", "cpus", "mems", "idle", "pids",
        "blockIO",
        "weight", "leafWeight", "weightDevice", "throttleReadBpsDevice", "throttleWriteBpsDevice", "throttleReadIOPSDevice",
        "throttleWriteIOPSDevice", "rate", "hugepageLimits", "pageSize", "network", "classID", "priorities", "name", "rdma", "hcaHandles",
        "hcaObjects", "unified",
    ]

    /// What others choose the names of. Go takes them as they are.
    private static let free: Set<String> = ["annotations", "sysctl", "unified", "rdma", "netDevices", "timeOffsets"]

    private static let folded = Dictionary(all.map { ($0.lowercased(), $0) }, uniquingKeysWith: { first, _ in first })

    /// Looks at `value` and at what is below fields that are known: what a vendor keeps beside them nobody reads.
    static func check(_ value: JSON, at path: String) throws(Failure) {
        if let list = value.array {
            for entry in list { try check(entry, at: path) }
        }
        for (name, field) in value.object ?? [:] {
            let place = path.isEmpty ? name : "\(path).\(name)"
            guard name.utf8.allSatisfy({ $0 < 0x80 }) else { throw Failure("\(place): a field whose name is not ASCII") }
            if all.contains(name) {
                if !free.contains(name) { try check(field, at: place) }
            } else if let known = folded[name.lowercased()] {
                throw Failure("\(place): must be written \(known): engines do not agree about what it is otherwise")
            }
        }
    }
}
