/// The program of a container.
public struct Process: Codable, Sendable, Equatable {
    public struct User: Codable, Sendable, Equatable {
        public var uid: UInt32
        public var gid: UInt32
        public var additionalGids: [UInt32]?

        public init(uid: UInt32, gid: UInt32, additionalGids: [UInt32]? = nil) {
            self.uid = uid
            self.gid = gid
            self.additionalGids = additionalGids
        }
    }

    public struct Capabilities: Codable, Sendable, Equatable {
        public var bounding: [String]?
        public var effective: [String]?
        public var inheritable: [String]?
        public var permitted: [String]?
        public var ambient: [String]?

        /// The same set for a program and what it runs; nothing inheritable, nothing ambient.
        public init(_ names: [String]) {
            bounding = names
            effective = names
            permitted = names
        }
    }

    public struct ConsoleSize: Codable, Sendable, Equatable {
        public var height: UInt
        public var width: UInt

        public init(height: UInt, width: UInt) {
            self.height = height
            self.width = width
        }
    }

    public var terminal: Bool?
    /// What the terminal has from its first moment on.
    public var consoleSize: ConsoleSize?
    public var user: User
    public var args: [String]?
    public var env: [String]?
    public var cwd: String
    public var capabilities: Capabilities?
    public var noNewPrivileges: Bool?

    public init(
        args: [String], env: [String], cwd: String = "/", terminal: Bool = false, user: User = User(uid: 0, gid: 0),
        capabilities: Capabilities?, consoleSize: ConsoleSize? = nil
    ) {
        self.terminal = terminal
        self.consoleSize = consoleSize
        self.user = user
        self.args = args
        self.env = env
        self.cwd = cwd
        self.capabilities = capabilities
        noNewPrivileges = false
    }
}
