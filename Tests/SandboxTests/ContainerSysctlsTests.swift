import Testing
import Tree

@testable import Sandbox

@Suite struct ContainerSysctlsTests {
    @Test func eachGoesWhereItIsKept() throws {
        let names = ["net.ipv4.ip_forward", "kernel.shmmax", "fs.mqueue.msg_max", "vm.overcommit_memory", "kernel.shmall.x", "fs/mqueue/a"]
        let sysctls = try ContainerSysctls(Dictionary(uniqueKeysWithValues: names.map { ($0, "1") }))
        #expect(sysctls.network.map(\.path) == ["net/ipv4/ip_forward"])
        #expect(sysctls.ipc.map(\.path) == ["fs/mqueue/msg_max", "fs/mqueue/a", "kernel/shmmax"])
        #expect(sysctls.others.map(\.path) == ["kernel/shmall/x", "vm/overcommit_memory"])
    }

    @Test(arguments: [
        ("net.ipv4.conf.eth0/100.rp_filter", "net/ipv4/conf/eth0.100/rp_filter"),
        ("net/ipv4/conf/eth0.100/rp_filter", "net/ipv4/conf/eth0.100/rp_filter"), ("kernel/shmmax", "kernel/shmmax"),
    ])
    func namesAreReadAsSysctlReadsThem(_ name: String, _ path: String) {
        #expect(ContainerSysctls.parts(of: name)?.joined(separator: "/") == path)
    }

    /// They would be the node's: `user` is what the writer's user namespace has, of others nothing is known.
    @Test(arguments: ["user.max_user_namespaces", "user/max_user_namespaces", "crypto.fips_enabled", "sunrpc.x", "Kernel.x", "é.x"])
    func thoseOfNoNamespaceAreRefused(_ name: String) {
        let failure = #expect(throws: Failure.self) { try ContainerSysctls([name: "0"]) }
        #expect(failure?.message.contains("\"\(name)\" is not in a separate kernel namespace") == true, "\(failure?.message ?? "")")
    }

    @Test(arguments: [
        "", "kernel", ".", "/", "kernel.", ".kernel", "kernel..x", "net/../user/x", "net/./x", "net.//.user", "/kernel/x",
        "vm/x/", "net/\u{301}../user", "kernel.\u{301}", "vm.x\u{0}",
    ])
    func noNames(_ name: String) {
        // A combining mark makes one `Character` of itself and what is before; for the kernel it is a name's bytes.
        let parts = ContainerSysctls.parts(of: name)
        if name.utf8.contains(0xcc) {
            #expect(parts?.allSatisfy { !$0.utf8.contains(0x2f) && $0 != ".." } ?? true)
        } else {
            #expect(parts == nil, "\(parts ?? [])")
        }
    }

    /// What is written with the node's rights is covered whole, whatever this kernel has there.
    @Test func theViewHasAllOfThemToItself() {
        let names = ContainerSysctls.ofView.sorted()
        let covers = Catalog.standard.covers { path -> [RealEntry] in
            switch path {
            case "proc": [RealEntry(name: "sys", isDirectory: true, isSymlink: false)]
            case "proc/sys": (names + ["net", "user"]).map { RealEntry(name: $0, isDirectory: true, isSymlink: false) }
            default: [RealEntry(name: "unknown", isDirectory: false, isSymlink: false)]
            }
        }
        #expect(covers.map(\.target) == names.map { "proc/sys/" + $0 })
        #expect(covers.allSatisfy { $0.isDirectory && $0.source == $0.target })
    }
}
