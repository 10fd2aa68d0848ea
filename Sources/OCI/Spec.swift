/// `config.json` of an OCI bundle: the fields this project reads or writes.
public struct Spec: Codable, Sendable, Equatable {
    public var ociVersion = "1.0.2"
    public var process: Process?
    public var root: Root?
    public var hostname: String?
    public var mounts: [Mount]?
    public var linux: Linux?

    public init(process: Process?, root: Root?, mounts: [Mount]?, linux: Linux?) {
        self.process = process
        self.root = root
        self.mounts = mounts
        self.linux = linux
    }
}

public struct Root: Codable, Sendable, Equatable {
    public var path: String
    public var readonly: Bool?

    public init(path: String, readonly: Bool? = nil) {
        self.path = path
        self.readonly = readonly
    }
}

public struct Mount: Codable, Sendable, Equatable {
    public var destination: String
    public var type: String?
    public var source: String?
    public var options: [String]?

    public init(_ destination: String, type: String, source: String, options: [String] = []) {
        self.destination = destination
        self.type = type
        self.source = source
        self.options = options
    }
}
