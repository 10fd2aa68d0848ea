/// How `vnode-runtime` works on this node.
public struct RuntimeSettings: Sendable, Equatable {
    public var mode: PodMode
    /// Name or path of the OCI engine.
    public var engine: String
    /// Control socket of the node's daemon: pods have no private one.
    public var socket: String
    public var stateDirectory: String
    /// UIDs and GIDs of the node that vNodes may have.
    public var ids: IDPool
    public var paths = ManagedPaths()
    /// What is wrong with the node's configuration. Nothing new is made by it then.
    public var fault: String?

    public init(mode: PodMode, engine: String, socket: String, stateDirectory: String, ids: IDPool) {
        self.mode = mode
        self.engine = engine
        self.socket = socket
        self.stateDirectory = stateDirectory
        self.ids = ids
    }
}
