import Testing
import Tree

@testable import Sandbox

@Suite struct PlanTests {
    let merged = NodeLayout(places: [("bin", .link("usr/bin")), ("lib64", .link("usr/lib64"))], hasOpt: false)

    @Test func stagingTakesTheNodesProgramsReadOnly() {
        let plan = StagingPlan.root(at: "/b", layout: merged, cgroups: "/sys/fs/cgroup/unified")
        #expect(plan.first == .filesystem("tmpfs", at: "/b", options: "mode=755,size=16m"))
        #expect(plan.contains(.node("/usr", over: "/b/usr")))
        #expect(plan.contains(.link("/b/bin", to: "usr/bin")))
        #expect(plan.contains(.bind("/sys/fs/cgroup/unified", over: "/b/sys/fs/cgroup")))
    }

    @Test func directoriesComeBeforeWhatIsMountedOnThem() {
        let split = NodeLayout(places: [("bin", .directory)], hasOpt: true)
        let plan = StagingPlan.root(at: "/b", layout: split, cgroups: "/c") + StagingPlan.outer(owner: 65536)
        var made: Set<String> = ["/b", "/outer", "/shm"]
        for step in plan {
            switch step {
            case .directory(let path, _, _), .file(let path): made.insert(path)
            case .bind(_, let path, _), .node(_, let path), .filesystem(_, let path, _, _): #expect(made.contains(path), "\(path)")
            default: break
            }
        }
        #expect(plan.contains(.node("/bin", over: "/b/bin")))
        #expect(plan.contains(.directory("/b/node/rootfs")))
    }

    @Test func theOuterRootBelongsToTheVNode() {
        let plan = StagingPlan.outer(owner: 131072)
        #expect(plan.contains(.directory("/outer/tmp", mode: 0o1777, owner: 131072)))
        #expect(plan.contains(.bind("/dev/null", over: "/outer/dev/null")))
        #expect(plan.contains { if case .filesystem("devpts", _, _, let options) = $0 { options.contains("gid=131077") } else { false } })
    }

    @Test func whatCountsForTheWholeNodeIsClosedInTheNetworkNamespace() {
        #expect(
            StagingPlan.network(procfs: "/procfs")
                == [
                    "softnet_stat", "protocols", "sockstat", "stat", "rt_acct", "ip_vs_stats_percpu", "ptype", "netfilter/nf_log",
                    "ip_tables_matches", "ip_tables_targets", "ip6_tables_matches", "ip6_tables_targets", "arp_tables_matches",
                    "arp_tables_targets",
                ].map { .close("/procfs/1/net/" + $0) })
    }

    @Test func aViewIsProcfsThenCoversThenSysfs() {
        let cover = Cover(target: "proc/meminfo", connection: .live, source: "proc/meminfo", isDirectory: false)
        let denied = Cover(target: "proc/kcore", connection: .static, source: "cover/file", isDirectory: false)
        let live = Cover(target: "sys/devices/system/node", connection: .live, source: "sys/devices/system/node", isDirectory: true)
        let plan = ViewPlan.steps(
            number: 7, top: "/inner/a", procfs: [cover, denied], sysfs: [live], namespaced: ["sys/class/net"])
        #expect(
            plan == [
                .bind("/shown", over: "/inner/a/proc"),
                .cover("/fuse/live/7/proc/meminfo", over: "/inner/a/proc/meminfo", unlessGone: "/procfs/meminfo"),
                .cover("/fuse/static/7/cover/file", over: "/inner/a/proc/kcore", unlessGone: "/procfs/kcore"),
                .bind("/fuse/static/7/sys", over: "/inner/a/sys", readOnly: true),
                .bind("/fuse/live/7/sys/devices/system/node", over: "/inner/a/sys/devices/system/node", readOnly: true),
                .bind("/sysfs/class/net", over: "/inner/a/sys/class/net"),
            ])
    }

    @Test func nothingOfTheNodesIdentityIsCopied() {
        for secret in ["shadow", "machine-id", "ssh", "hostname", "passwd", "hosts"] {
            #expect(!MachineEtc.copied.contains(secret) && !MachineEtc.directories.contains(secret))
        }
        let steps = MachineEtc.steps(
            etc: "/e", node: "/n", owner: 1, hostname: "h", directories: ["terminfo"], copies: [("os-release", [1])])
        #expect(steps.contains(.text("/e/hostname", Array("h\n".utf8), owner: 1)))
        #expect(steps.contains(.bind("/n/terminfo", over: "/e/terminfo", readOnly: true)))
    }

    @Test func theDiskOfADirectoryIsFoundInTheMountTable() {
        let table = MountTable(
            """
            22 1 254:1 / / rw,relatime - ext4 /dev/vda1 rw,discard
            23 22 0:21 / /proc rw - proc proc rw
            24 22 8:300 /sub /usr ro - xfs /dev/sda300 ro,noquota
            25 22 0:40 / /opt rw - btrfs /dev/sdb rw
            26 22 254:1 / /mnt rw - ext4 /dev/vda1 rw
            """)
        let origin = { NamelessBind.origin(of: $0, in: table) }
        #expect(origin("/etc") == .init(device: 0xfe01, type: "ext4", isReadOnly: false, inside: "/etc"))
        #expect(origin("/usr") == .init(device: 0x10_082c, type: "xfs", isReadOnly: true, inside: "/sub"))
        #expect(origin("/usr/lib")?.inside == "/sub/lib")
        #expect(origin("/mnt")?.inside == "/")
        #expect(origin("/opt") == nil)
        #expect(origin("/proc") == nil)
        #expect(NamelessBind.origin(of: "/etc", in: MountTable("")) == nil)
    }

    @Test func aLimitOfTheNetworkThatTellsTheMemoryIsRaisedToTheNextUsualOne() {
        let usual: [UInt64] = [6_291_456, 33_554_432]
        #expect(StagingPlan.raised("4096\t131072\t22939744\n", to: usual, memory: 3 << 30) == "4096 131072 33554432")
        #expect(StagingPlan.raised("4096\t131072\t4194304\n", to: usual, memory: 512 << 20) == "4096 131072 6291456")
        // An administrator's.
        #expect(StagingPlan.raised("4096\t131072\t4194304\n", to: usual, memory: 8 << 30) == nil)
        #expect(StagingPlan.raised("4096\t131072\t16777216\n", to: usual, memory: 16 << 30) == nil)
        for same in ["4096\t131072\t6291456\n", "4096\t131072\t33554432\n", "4096 131072 67108864", "1 2", ""] {
            #expect(StagingPlan.raised(same, to: usual, memory: 4 << 30) == nil)
        }
    }
}
