import Linux

/// What holds for the kernel's own /proc and /sys, whoever answers for them.
struct Property: Sendable {
    let name: String
    /// Paths below a tree's top that it speaks of. An implementation is asked for those of them that it claims.
    let paths: [String]
    /// It needs somewhere to mount.
    var isOfMounts: Bool { Property.mounts.contains { $0.name == name } }
    /// Throws a `Mismatch` when it does not hold for those `paths`.
    let holds: @Sendable (_ tree: PropertyTree, _ paths: [String], Context) async throws -> Void

    init(_ name: String, of paths: [String], _ holds: @escaping @Sendable (PropertyTree, [String], Context) async throws -> Void) {
        self.name = name
        self.paths = paths
        self.holds = holds
    }

    static let all: [Property] = names + contents + sysctls + mounts
}

/// A directory with `proc` and `sys` in it, and who can be asked to act there.
struct PropertyTree: Sendable {
    let name: String
    let top: String
    /// Paths below the top that this implementation answers for, with what is below them. nil: all.
    var claims: [String]?
    /// Runs a command where mounts can be made: with the tree at `inside`. Empty where nothing can be.
    var enter: [String] = []
    var inside = ""

    func path(_ name: String) -> String { "\(top)/\(name)" }

    func text(_ name: String) throws -> String {
        do { return try Files.text(path(name)) } catch { throw Mismatch(expected: "\(name) to be read", got: "\(error)") }
    }

    func claims(_ path: String) -> Bool {
        guard let claims else { return true }
        return claims.contains { path == $0 || path.hasPrefix($0 + "/") }
    }

    /// The kernel's own.
    static let native = PropertyTree(name: "native", top: "", enter: ["unshare", "-m", "--propagation", "private"])

    /// Why a property does not hold; nil when it does. Not asked of what is not claimed.
    func fault(of property: Property, in context: Context) async -> String? {
        let paths = property.paths.filter(claims)
        guard !paths.isEmpty else { return nil }
        do {
            try await property.holds(self, paths, context)
            return nil
        } catch {
            return Mismatch.oneLine("\(error)")
        }
    }

    func isAsked(_ property: Property) -> Bool { property.paths.contains(where: claims) }
}
