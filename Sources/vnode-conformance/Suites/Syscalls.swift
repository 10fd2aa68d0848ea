/// A system call tried inside a vNode: perl, which every Debian has, makes it as it is and tells the errno.
struct Syscall: Sendable {
    enum Argument: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
        case text(String), number(Int)
        init(stringLiteral value: String) { self = .text(value) }
        init(integerLiteral value: Int) { self = .number(value) }
    }

    let name: String
    let arguments: [Argument]

    init(_ name: String, _ arguments: Argument...) {
        self.name = name
        self.arguments = arguments
    }

    #if arch(x86_64)
        private static let own = ["mount": 165, "umount2": 166, "pivot_root": 155, "setns": 308]
    #elseif arch(arm64)
        private static let own = ["mount": 40, "umount2": 39, "pivot_root": 41, "setns": 268]
    #endif
    private static let common = ["open_tree": 428, "move_mount": 429, "fsopen": 430, "mount_setattr": 442]

    /// A shell command that makes the call and prints `errno=N`, 0 for success.
    var script: String {
        var setup = ""
        var words = ["\(Syscall.own[name] ?? Syscall.common[name] ?? -1)"]
        for (number, argument) in arguments.enumerated() {
            switch argument {
            case .number(let value): words.append("\(value)")
            case .text(let text):
                // A constant cannot be passed: syscall wants to be able to write.
                setup += "my $t\(number) = \"\(text)\"; "
                words.append("$t\(number)")
            }
        }
        return "perl -e '\(setup)print \"errno=\", (syscall(\(words.joined(separator: ", "))) < 0 ? $!+0 : 0), \"\\n\"'"
    }
}
