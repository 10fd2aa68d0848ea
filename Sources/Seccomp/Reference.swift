import SystemPackage

/// `docs/reference/syscalls.md`: the table for readers.
public enum Reference {
    public static func markdown(_ rules: [Rule] = Rules.all) -> String {
        var text = """
            # System calls

            What a process of a vNode gets for a system call that is not left to the kernel. Generated from the table in `Sources/Seccomp` by
            `make docs`; do not edit. It holds for every system call table of the machine: x86-64, i386 and x32, or arm64 and arm. What comes by
            any other ends the process. How, and why so: [seccomp](../design/seccomp.md).

            *Answered*: by the daemon; in the vNode's first process, where nobody listens, EPERM.

            | call | uses | answer | why |
            |---|---|---|---|

            """
        for rule in rules { text += "| `\(rule.call)` | \(rule.uses) | \(answer(of: rule)) | \(rule.reason) |\n" }
        return text
    }

    static func answer(of rule: Rule) -> String {
        switch rule.action {
        case .refuse(.notPermitted): "EPERM"
        case .refuse(.noFunction): "ENOSYS"
        case .refuse(let error): "errno \(error.rawValue)"
        case .ask: "answered"
        }
    }
}
