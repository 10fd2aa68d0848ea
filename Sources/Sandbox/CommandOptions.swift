/// What to run in an inner container, and as whom.
public struct CommandOptions: Sendable, Equatable {
    public var arguments: [String]
    public var terminal: Bool
    /// `NAME=value`, over those every container has.
    public var environment: [String]
    /// Where it starts; nil: `/`.
    public var directory: String?
    /// `USER[:GROUP]`, names as the container's `/etc` has them or numbers; nil: root.
    public var user: String?
    /// Its input is empty and what it says is kept for `vnode logs`.
    public var detach: Bool

    public init(
        _ arguments: [String], terminal: Bool = false, environment: [String] = [], directory: String? = nil, user: String? = nil,
        detach: Bool = false
    ) {
        self.arguments = arguments
        self.terminal = terminal
        self.environment = environment
        self.directory = directory
        self.user = user
        self.detach = detach
    }

    /// Whether a text is `NAME=value`.
    public static func isVariable(_ text: String) -> Bool {
        guard let sign = text.utf8.firstIndex(of: 0x3d) else { return false }
        return sign != text.utf8.startIndex && !text.utf8.contains(0)
    }

    public static func isDirectory(_ text: String) -> Bool { InsidePath.isPlain(text) }

    /// The given variables over others: a name is there once.
    static func merge(_ own: [String], over base: [String]) -> [String] {
        func name(_ variable: String) -> Substring { variable.prefix { $0 != "=" } }
        var merged = base
        for variable in own {
            if let known = merged.firstIndex(where: { name($0) == name(variable) }) {
                merged[known] = variable
            } else {
                merged.append(variable)
            }
        }
        return merged
    }
}
