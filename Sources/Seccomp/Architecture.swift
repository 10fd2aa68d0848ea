/// A system call table a process can call by.
public struct Architecture: Sendable, Equatable {
    /// As an OCI bundle has it, and libseccomp below `SCMP_ARCH_`.
    public let name: String
    /// AUDIT_ARCH_* in `seccomp_data`.
    public let audit: UInt32
    /// Set in the numbers of this table.
    let bit: UInt32
    /// Whether its `unsigned long` has 32 bits, and its structures accordingly.
    public let isCompat: Bool
    let numbers: [Call: UInt32]

    /// What the daemon answers.
    public enum Call: String, Sendable, CaseIterable {
        case mount, sysinfo
        case unmount = "umount2"
        case getAffinity = "sched_getaffinity"
        case setAffinity = "sched_setaffinity"
    }

    private static let x86Numbers: [Call: UInt32] = [.mount: 165, .unmount: 166, .sysinfo: 99, .getAffinity: 204, .setAffinity: 203]

    static let x86_64 = Architecture(name: "X86_64", audit: 0xc000_003e, bit: 0, isCompat: false, numbers: x86Numbers)
    static let x86 = Architecture(
        name: "X86", audit: 0x4000_0003, bit: 0, isCompat: true,
        numbers: [.mount: 21, .unmount: 52, .sysinfo: 116, .getAffinity: 242, .setAffinity: 241])
    /// Pointers of 32 bits, but the structures here are those of x86-64.
    static let x32 = Architecture(name: "X32", audit: 0xc000_003e, bit: 0x4000_0000, isCompat: false, numbers: x86Numbers)
    static let aarch64 = Architecture(
        name: "AARCH64", audit: 0xc000_00b7, bit: 0, isCompat: false,
        numbers: [.mount: 40, .unmount: 39, .sysinfo: 179, .getAffinity: 123, .setAffinity: 122])
    static let arm = Architecture(
        name: "ARM", audit: 0x4000_0028, bit: 0, isCompat: true,
        numbers: [.mount: 21, .unmount: 52, .sysinfo: 116, .getAffinity: 242, .setAffinity: 241])

    static let known = [x86_64, x86, x32, aarch64, arm]

    /// All tables of this machine, its own first. What comes by any other is not let through.
    #if arch(x86_64)
        public static let here = [x86_64, x86, x32]
    #elseif arch(arm64)
        public static let here = [aarch64, arm]
    #endif

    /// What a process called, and by which table.
    public static func call(_ number: UInt32, audit: UInt32) -> (architecture: Architecture, call: Call)? {
        for architecture in known where architecture.audit == audit {
            if let found = architecture.numbers.first(where: { $0.value | architecture.bit == number }) { return (architecture, found.key) }
        }
        return nil
    }
}
