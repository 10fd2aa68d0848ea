import CSeccomp
import Glibc
import Linux
public import SystemPackage

/// A filter in this process, without an engine.
public enum Filter {
    /// Loads the table for this process and all it will run. What would be asked about is EPERM: nobody listens.
    /// The caller has CAP_SYS_ADMIN in its user namespace.
    public static func load(_ rules: [Rule] = Rules.all) throws(Errno) {
        guard let context = unsafe seccomp_init(allow) else { throw .noMemory }
        defer { unsafe seccomp_release(context) }
        // What comes by a table nobody thought of ends with the process: libseccomp's default.
        for architecture in Architecture.here.dropFirst() {
            let token = unsafe seccomp_arch_resolve_name(architecture.name.lowercased())
            try check(libseccomp: unsafe seccomp_arch_add(context, token))
        }
        try check(libseccomp: unsafe seccomp_attr_set(context, SCMP_FLTATR_CTL_NNP, 0))
        for rule in rules {
            let number = unsafe seccomp_syscall_resolve_name(rule.call)
            guard number != -1 else { throw .noFunction }
            let conditions = rule.conditions.map(compare)
            try check(
                libseccomp: unsafe conditions.withUnsafeBufferPointer {
                    unsafe seccomp_rule_add_array(context, action(rule.action), number, UInt32($0.count), $0.baseAddress)
                })
        }
        try check(libseccomp: unsafe seccomp_load(context))
    }

    // SCMP_ACT_ALLOW and SCMP_ACT_ERRNO are macros.
    private static let allow: UInt32 = 0x7fff_0000

    private static func action(_ action: Rule.Action) -> UInt32 {
        let error: Errno
        switch action {
        case .refuse(let wanted): error = wanted
        case .ask: error = .notPermitted
        }
        return 0x0005_0000 | UInt32(truncatingIfNeeded: error.rawValue) & 0xffff
    }

    private static func compare(_ condition: Rule.Condition) -> scmp_arg_cmp {
        let index = UInt32(condition.argument)
        return switch condition.test {
        case .not(let value): scmp_arg_cmp(arg: index, op: SCMP_CMP_NE, datum_a: value, datum_b: 0)
        case .bits(let bits, let mask): scmp_arg_cmp(arg: index, op: SCMP_CMP_MASKED_EQ, datum_a: mask, datum_b: bits)
        }
    }

    /// libseccomp answers 0 or the negative errno.
    private static func check(libseccomp result: CInt) throws(Errno) {
        if result < 0 { throw Errno(rawValue: -result) }
    }
}
