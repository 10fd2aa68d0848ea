public import SystemPackage

/// What is decided about one system call, or about some of its uses.
public struct Rule: Sendable, Equatable {
    public enum Action: Sendable, Equatable {
        case refuse(Errno)
        /// The call waits for the daemon, which answers it. Where nobody listens (the vNode's first process) it is refused.
        case ask
    }

    /// On one argument, a register: memory cannot be looked at by a filter.
    public struct Condition: Sendable, Equatable {
        public enum Test: Sendable, Equatable {
            case not(UInt64)
            /// These bits are exactly so.
            case bits(UInt64, of: UInt64)
        }

        public let argument: Int
        public let test: Test

        public static func argument(_ index: Int, not value: UInt64) -> Condition { Condition(argument: index, test: .not(value)) }

        public static func argument(_ index: Int, has bits: UInt64) -> Condition { .argument(index, bits, of: bits) }

        public static func argument(_ index: Int, _ bits: UInt64, of mask: UInt64) -> Condition {
            Condition(argument: index, test: .bits(bits, of: mask))
        }
    }

    public let call: String
    /// All of them hold. None: every use.
    public let conditions: [Condition]
    public let action: Action
    /// Of which uses, where not of all, and why.
    public let uses: String
    public let reason: String

    init(_ call: String, uses: String = "all", when conditions: [Condition] = [], _ action: Action, _ reason: String) {
        self.call = call
        self.conditions = conditions
        self.action = action
        self.uses = uses
        self.reason = reason
    }
}
