/// One requirement and whether this node meets it.
public struct Finding: Codable, Sendable, Equatable {
    public var name: String
    public var ok: Bool
    public var found: String
    public var needed: String
    /// What to do; nil when nothing is.
    public var remedy: String?

    init(_ name: String, _ ok: Bool, found: String, needed: String, remedy: String) {
        self.name = name
        self.ok = ok
        self.found = found
        self.needed = needed
        self.remedy = ok ? nil : remedy
    }

    init(_ name: String, _ attempt: Facts.Attempt, works: String, needed: String, remedy: String) {
        switch attempt {
        case .works: self.init(name, true, found: works, needed: needed, remedy: remedy)
        case .fails(let reason): self.init(name, false, found: reason, needed: needed, remedy: remedy)
        case .notTried(let reason):
            self.init(name, false, found: "not tried: \(reason)", needed: needed, remedy: "run vnode-fs check as root")
        }
    }
}
