public import OCI
import SystemPackage

/// The table as an OCI bundle has it, for containers in a vNode.
public enum Section {
    /// `listener` is the socket that gets the descriptor to answer by.
    public static func make(listener: String, rules: [Rule] = Rules.all) -> Linux.Seccomp {
        Linux.Seccomp(
            defaultAction: .allow, architectures: Architecture.here.map { "SCMP_ARCH_" + $0.name }, listenerPath: listener,
            syscalls: rules.map(rule))
    }

    private static func rule(_ rule: Rule) -> Linux.Seccomp.Rule {
        let conditions = rule.conditions.map(condition)
        let args = conditions.isEmpty ? nil : conditions
        switch rule.action {
        case .ask: return Linux.Seccomp.Rule(names: [rule.call], action: .ask, args: args)
        case .refuse(let error):
            return Linux.Seccomp.Rule(names: [rule.call], action: .refuse, errnoRet: UInt(error.rawValue), args: args)
        }
    }

    private static func condition(_ condition: Rule.Condition) -> Linux.Seccomp.Condition {
        let index = UInt(condition.argument)
        return switch condition.test {
        case .not(let value): Linux.Seccomp.Condition(index: index, value: value, op: .notEqual)
        case .bits(let bits, let mask): Linux.Seccomp.Condition(index: index, value: mask, valueTwo: bits, op: .masked)
        }
    }
}
