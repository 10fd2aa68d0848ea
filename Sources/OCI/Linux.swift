/// What only Linux has.
public struct Linux: Codable, Sendable, Equatable {
    public struct Namespace: Codable, Sendable, Equatable {
        public enum Kind: String, Codable, Sendable {
            case user, pid, ipc, uts, mount, cgroup, network, time
        }

        public var type: Kind
        /// Joined when given, else made new.
        public var path: String?

        public init(_ type: Kind, path: String? = nil) {
            self.type = type
            self.path = path
        }
    }

    public struct Resources: Codable, Sendable, Equatable {
        public var devices: [DeviceRule]?

        public init(devices: [DeviceRule]) { self.devices = devices }
    }

    /// Whether a cgroup may use a device, which is another question than who may open its file.
    public struct DeviceRule: Codable, Sendable, Equatable {
        public var allow: Bool
        /// `b` or `c`.
        public var type: String
        public var major: Int64
        public var minor: Int64
        public var access: String

        public init(allow: Bool, type: String, major: Int64, minor: Int64, access: String) {
            self.allow = allow
            self.type = type
            self.major = major
            self.minor = minor
            self.access = access
        }
    }

    public struct IDMapping: Codable, Sendable, Equatable {
        public var containerID: UInt32
        public var hostID: UInt32
        public var size: UInt32

        public init(containerID: UInt32, hostID: UInt32, size: UInt32) {
            self.containerID = containerID
            self.hostID = hostID
            self.size = size
        }
    }

    public var namespaces: [Namespace]?
    /// With a user namespace that is joined: exactly its maps. runc 1.1 insists on them, later ones compare.
    public var uidMappings: [IDMapping]?
    public var gidMappings: [IDMapping]?
    public var cgroupsPath: String?
    public var resources: Resources?
    public var maskedPaths: [String]?
    public var readonlyPaths: [String]?
    public var seccomp: Seccomp?

    public init(namespaces: [Namespace], mappings: [IDMapping], cgroupsPath: String, seccomp: Seccomp? = nil) {
        self.namespaces = namespaces
        uidMappings = mappings
        gidMappings = mappings
        self.cgroupsPath = cgroupsPath
        self.seccomp = seccomp
    }
}
