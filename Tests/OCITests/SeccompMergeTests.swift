import Testing

@testable import OCI

@Suite struct SeccompMergeTests {
    static let newUser: UInt64 = 0x1000_0000

    static func rule(_ names: [String], _ action: String, errno: Int64? = nil, args: JSON? = nil) -> JSON {
        var rule: JSON = ["names": .array(names.map { .string($0) }), "action": .string("SCMP_ACT_" + action)]
        rule["errnoRet"] = errno.map { JSON.signed($0) }
        rule["args"] = args
        return rule
    }

    static func masked(_ index: Int64, _ mask: UInt64, _ value: UInt64) -> JSON {
        ["index": .signed(index), "value": .bits(mask), "valueTwo": .bits(value), "op": "SCMP_CMP_MASKED_EQ"]
    }

    static let ours: JSON = [
        "defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"], "listenerPath": "/l",
        "syscalls": [
            rule(["clone"], "ERRNO", errno: 1, args: [masked(0, newUser, newUser)]), rule(["clone3"], "ERRNO", errno: 38),
            rule(["sysinfo"], "NOTIFY"), rule(["mount"], "NOTIFY", args: [masked(3, 0x3020, 0)]),
            rule(["mount"], "NOTIFY", args: [masked(3, 0xffff_3020, 0xc0ed_0000)]),
            rule(["mknod"], "ERRNO", errno: 1, args: [masked(1, 0o170000, 0o060000)]),
            rule(
                ["mknod"], "ERRNO", errno: 1,
                args: [masked(1, 0o170000, 0o020000), ["index": .signed(2), "value": .signed(0), "op": "SCMP_CMP_NE"]]),
        ],
    ]

    /// What a filter says of a call; every rule that matches must say the same.
    func verdict(_ filter: JSON, _ name: String, _ arguments: [UInt64]) -> Set<String> {
        var found: Set<String> = []
        for rule in filter["syscalls"]?.array ?? [] where rule["names"]?.array?.contains(.string(name)) == true {
            let holds = (rule["args"]?.array ?? []).allSatisfy { condition in
                let value = arguments[Int(condition["index"]?.integer ?? 0)]
                let wanted = condition["value"]?.bitPattern ?? 0
                switch condition["op"]?.string {
                case "SCMP_CMP_EQ": return value == wanted
                case "SCMP_CMP_NE": return value != wanted
                default: return value & wanted == condition["valueTwo"]?.bitPattern ?? 0
                }
            }
            if holds { found.insert((rule["action"]?.string ?? "") + (rule["errnoRet"]?.integer.map { " \($0)" } ?? "")) }
        }
        return found.isEmpty ? [filter["defaultAction"]?.string ?? ""] : found
    }

    /// The stricter of two, as the kernel takes it of two filters.
    func stricter(_ one: Set<String>, _ other: Set<String>) -> Set<String> {
        let order = ["SCMP_ACT_KILL", "SCMP_ACT_ERRNO", "SCMP_ACT_NOTIFY", "SCMP_ACT_ALLOW"]
        let place = { (set: Set<String>) in order.firstIndex { action in set.contains { $0.hasPrefix(action) } } ?? 4 }
        return place(one) <= place(other) ? one : other
    }

    static let samples: [(String, [UInt64])] =
        [0, 1, 0x20, 0x1000, 0x2000, 0x1_0000, 0x4_0000, 0xc0ed_0000, 0xc0ed_1000, 0xc0ee_0000, newUser, newUser | 17, .max]
        .flatMap { flags -> [(String, [UInt64])] in
            [
                ("clone", [flags, 0, 0, 0, 0, 0]), ("mount", [0, 0, 0, flags, 0, 0]), ("sysinfo", [flags, 0, 0, 0, 0, 0]),
                ("clone3", [0, 0, 0, 0, 0, 0]),
            ]
        } + [0o060000, 0o020000, 0o100644, 0o010000, 0o020666].flatMap { mode in [0, 1, 259].map { ("mknod", [0, mode, $0, 0, 0, 0]) } }

    static let profiles: [JSON] = [
        ["defaultAction": "SCMP_ACT_ERRNO", "syscalls": [rule(["read", "sysinfo", "clone", "clone3", "mount", "mknod"], "ALLOW")]],
        ["defaultAction": "SCMP_ACT_ERRNO", "syscalls": [rule(["read"], "ALLOW")]],
        [
            "defaultAction": "SCMP_ACT_ERRNO",
            "syscalls": [rule(["clone"], "ALLOW", args: [masked(0, 0x7e02_0000, 0)]), rule(["clone3"], "ERRNO", errno: 38)],
        ],
        [
            "defaultAction": "SCMP_ACT_ALLOW",
            "syscalls": [rule(["sysinfo", "clone3"], "KILL"), rule(["mount"], "ERRNO", errno: 13, args: [masked(3, 1, 1)])],
        ],
        ["defaultAction": "SCMP_ACT_ALLOW"],
    ]

    @Test(arguments: profiles) func theMergedFilterSaysWhatTwoWould(_ profile: JSON) throws {
        let merged = try SeccompMerge.merge(profile, with: Self.ours)
        for (name, arguments) in Self.samples + [("read", [0, 0, 0, 0, 0, 0]), ("write", [0, 0, 0, 0, 0, 0])] {
            let wanted = stricter(verdict(profile, name, arguments), verdict(Self.ours, name, arguments))
            #expect(verdict(merged, name, arguments) == wanted, "\(name) \(arguments)")
        }
        #expect(merged["listenerPath"] == "/l")
    }

    @Test func noProfileIsOurs() throws { #expect(try SeccompMerge.merge(nil, with: Self.ours) == Self.ours) }

    @Test func aListenerOfItsOwnIsRefused() {
        #expect(throws: SeccompMerge.Problem.listener) {
            try SeccompMerge.merge(["defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "/x"], with: Self.ours)
        }
        #expect(throws: SeccompMerge.Problem.self) { try SeccompMerge.merge("x", with: Self.ours) }
        #expect(throws: SeccompMerge.Problem.self) {
            try SeccompMerge.merge(["defaultAction": "SCMP_ACT_ALLOW", "syscalls": [["action": "SCMP_ACT_ALLOW"]]], with: Self.ours)
        }
    }

    @Test func allowancesThatCannotBeReckonedWithAreLeftOut() throws {
        let odd: JSON = [["index": .signed(0), "value": .signed(5), "op": "SCMP_CMP_LT"]]
        let profile: JSON = ["defaultAction": "SCMP_ACT_ERRNO", "syscalls": [Self.rule(["clone"], "ALLOW", args: odd)]]
        #expect(verdict(try SeccompMerge.merge(profile, with: Self.ours), "clone", [0, 0, 0, 0, 0, 0]) == ["SCMP_ACT_ERRNO"])
    }
}
