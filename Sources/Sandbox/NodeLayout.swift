import Linux

/// How a machine's top directories are laid out: with a merged `/usr`, `bin` and the like are symlinks into it.
struct NodeLayout: Equatable {
    enum Place: Equatable {
        case link(String)
        case directory
    }

    /// `bin`, `sbin`, `lib`... as far as the machine has them.
    var places: [(name: String, place: Place)]
    var hasOpt: Bool

    static func == (one: NodeLayout, other: NodeLayout) -> Bool {
        one.hasOpt == other.hasOpt && one.places.map(\.name) == other.places.map(\.name)
            && one.places.map(\.place) == other.places.map(\.place)
    }

    static let names = ["bin", "sbin", "lib", "lib32", "lib64", "libx32"]

    /// As found below `root`.
    static func read(_ root: String = "") -> NodeLayout {
        var places: [(name: String, place: Place)] = []
        for name in names {
            switch Directories.kind("\(root)/\(name)") {
            case .symlink: if let target = try? Directories.readLink("\(root)/\(name)") { places.append((name, .link(target))) }
            case .directory: places.append((name, .directory))
            default: break
            }
        }
        return NodeLayout(places: places, hasOpt: Directories.kind("\(root)/opt") == .directory)
    }
}
