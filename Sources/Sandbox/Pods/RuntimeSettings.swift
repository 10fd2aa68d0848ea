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
    /// It is the file, and so `stateDirectory` may not be the one that was meant: nobody is to believe that there is no container.
    public var mayBeElsewhere = false

    public init(mode: PodMode, engine: String, socket: String, stateDirectory: String, ids: IDPool) {
        self.mode = mode
        self.engine = engine
        self.socket = socket
        self.stateDirectory = stateDirectory
        self.ids = ids
    }
}
