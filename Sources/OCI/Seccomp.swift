extension Linux {
    /// The filter an engine loads before it runs the program.
    public struct Seccomp: Codable, Sendable, Equatable {
        public enum Action: String, Codable, Sendable {
            case allow = "SCMP_ACT_ALLOW"
            case refuse = "SCMP_ACT_ERRNO"
            case ask = "SCMP_ACT_NOTIFY"
        }

        public struct Condition: Codable, Sendable, Equatable {
            public enum Comparison: String, Codable, Sendable {
                case notEqual = "SCMP_CMP_NE"
                case masked = "SCMP_CMP_MASKED_EQ"
            }

            public var index: UInt
            /// The mask of a masked comparison, which then compares with `valueTwo`.
            public var value: UInt64
            public var valueTwo: UInt64?
            public var op: Comparison

            public init(index: UInt, value: UInt64, valueTwo: UInt64? = nil, op: Comparison) {
                self.index = index
                self.value = value
                self.valueTwo = valueTwo
                self.op = op
            }
        }

        /// Conditions of one rule hold together.
        public struct Rule: Codable, Sendable, Equatable {
            public var names: [String]
            public var action: Action
            public var errnoRet: UInt?
            public var args: [Condition]?

            public init(names: [String], action: Action, errnoRet: UInt? = nil, args: [Condition]? = nil) {
                self.names = names
                self.action = action
                self.errnoRet = errnoRet
                self.args = args
            }
        }

        public var defaultAction: Action
        public var architectures: [String]?
        /// Unix socket that gets the descriptor of what asks.
        public var listenerPath: String?
        public var listenerMetadata: String?
        public var syscalls: [Rule]?

        public init(
            defaultAction: Action, architectures: [String], listenerPath: String? = nil, listenerMetadata: String? = nil, syscalls: [Rule]
        ) {
            self.defaultAction = defaultAction
            self.architectures = architectures
            self.listenerPath = listenerPath
            self.listenerMetadata = listenerMetadata
            self.syscalls = syscalls
        }
    }
}
