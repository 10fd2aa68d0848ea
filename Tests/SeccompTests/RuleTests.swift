import CSeccomp
import FoundationEssentials
import OCI
import SystemPackage
import Testing

@testable import Seccomp

@Suite struct RuleTests {
    /// What the table says of a call, as a filter decides it.
    private func decision(_ call: String, _ arguments: UInt64...) -> Rule.Action? {
        Rules.all.first { rule in
            rule.call == call
                && rule.conditions.allSatisfy { condition in
                    let value = condition.argument < arguments.count ? arguments[condition.argument] : 0
                    return switch condition.test {
                    case .not(let other): value != other
                    case .bits(let bits, let mask): value & mask == bits
                    }
                }
        }?.action
    }

    @Test func devicesAreRefusedAndNothingElse() {
        let refused = Rule.Action.refuse(.notPermitted)
        #expect(decision("mknod", 0, 0o020666, 0x103) == refused)
        #expect(decision("mknod", 0, 0o060600, 0x800) == refused)
        #expect(decision("mknod", 0, 0o060600, 0) == refused)
        #expect(decision("mknodat", 0, 0, 0o020666, 0x103) == refused)
        // Whiteout, fifo, socket, file, no type.
        for mode: UInt64 in [0o020000, 0o010644, 0o140644, 0o100644, 0o644] {
            #expect(decision("mknod", 0, mode, 0) == nil, "\(mode)")
            #expect(decision("mknodat", 0, 0, mode, 0) == nil, "\(mode)")
        }
    }

    @Test func userNamespaces() {
        let refused = Rule.Action.refuse(.notPermitted)
        #expect(decision("unshare", 0x1000_0000) == refused)
        #expect(decision("unshare", 0x7c02_0000) == refused)
        #expect(decision("unshare", 0x6c02_0000) == nil)
        #expect(decision("clone", 0x1000_0011) == refused)
        #expect(decision("clone", 0x11) == nil)
        #expect(decision("setns", 3, 0x1000_0000) == refused)
        #expect(decision("setns", 3, 0x4000_0000) == nil)
        #expect(decision("clone3") == .refuse(.noFunction))
    }

    @Test func onlyNewMountsAreAskedAbout() {
        #expect(decision("mount", 0, 0, 0, 0) == .ask)
        // nosuid, nodev, noexec, relatime, silent.
        #expect(decision("mount", 0, 0, 0, 0x20_800e) == .ask)
        // As libmount calls.
        #expect(decision("mount", 0, 0, 0, 0xc0ed_000e) == .ask)
        // bind, bind and recursive, remount, move; the same with the old mark.
        for flags: UInt64 in [0x1000, 0x5000, 0x20, 0x21, 0x2000] {
            #expect(decision("mount", 0, 0, 0, flags) == nil, "\(flags)")
            #expect(decision("mount", 0, 0, 0, 0xc0ed_0000 | flags) == nil, "\(flags)")
        }
        // private, slave, shared, unbindable, recursive or not.
        for flags: UInt64 in [0x4_0000, 0x8_0000, 0x10_0000, 0x2_0000, 0x4_4000] { #expect(decision("mount", 0, 0, 0, flags) == nil) }
    }

    /// Where two rules of one call overlap they must say the same: which one counts is the library's to choose.
    @Test func rulesOfACallAgree() {
        for call in Set(Rules.all.map(\.call)) {
            let rules = Rules.all.filter { $0.call == call }
            if rules.count > 1 { #expect(Set(rules.map { "\($0.action)" }).count == 1, "\(call)") }
        }
    }

    @Test func theLibraryKnowsEveryCall() {
        for rule in Rules.all { #expect(unsafe seccomp_syscall_resolve_name(rule.call) != -1, "\(rule.call)") }
    }
}

@Suite struct ArchitectureTests {
    @Test func numbersAreTheLibrarys() {
        for architecture in Architecture.known {
            let token = unsafe seccomp_arch_resolve_name(architecture.name.lowercased())
            for (call, number) in architecture.numbers {
                let wanted = unsafe seccomp_syscall_resolve_name_arch(token, call.rawValue)
                #expect(CInt(bitPattern: number | architecture.bit) == wanted, "\(architecture.name) \(call)")
                let found = Architecture.call(number | architecture.bit, audit: architecture.audit)
                #expect(found?.architecture.name == architecture.name)
                #expect(found?.call == call)
            }
            #expect(architecture.numbers.count == Architecture.Call.allCases.count)
        }
    }

    @Test func othersAreNobodys() {
        #expect(Architecture.call(165, audit: 0) == nil)
        #expect(Architecture.call(165, audit: 0x4000_0003) == nil)
        #expect(Architecture.call(1, audit: 0xc000_003e) == nil)
    }

    @Test func whatIsAskedIsWhatIsAnswered() {
        let asked = Set(Rules.all.filter { $0.action == .ask }.map(\.call))
        #expect(asked == Set(Architecture.Call.allCases.map(\.rawValue)))
    }
}

@Suite struct SectionTests {
    @Test func jsonIsWhatTheEngineReads() throws {
        let rules = [
            Rule("mknod", when: [.argument(1, 0o020000, of: 0o170000), .argument(2, not: 0)], .refuse(.notPermitted), ""),
            Rule("clone3", .refuse(.noFunction), ""),
            Rule("sysinfo", .ask, ""),
        ]
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let text = String(decoding: try encoder.encode(Section.make(listener: "/l", rules: rules)), as: UTF8.self)
        #if arch(x86_64)
            let architectures = #"["SCMP_ARCH_X86_64","SCMP_ARCH_X86","SCMP_ARCH_X32"]"#
        #else
            let architectures = #"["SCMP_ARCH_AARCH64","SCMP_ARCH_ARM"]"#
        #endif
        #expect(
            text == #"{"architectures":"# + architectures + #","defaultAction":"SCMP_ACT_ALLOW","listenerPath":"/l","syscalls":["#
                + #"{"action":"SCMP_ACT_ERRNO","args":[{"index":1,"op":"SCMP_CMP_MASKED_EQ","value":61440,"valueTwo":8192},"#
                + #"{"index":2,"op":"SCMP_CMP_NE","value":0}],"errnoRet":1,"names":["mknod"]},"#
                + #"{"action":"SCMP_ACT_ERRNO","errnoRet":38,"names":["clone3"]},"#
                + #"{"action":"SCMP_ACT_NOTIFY","names":["sysinfo"]}]}"#)
    }
}
