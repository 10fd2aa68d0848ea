import Testing
import Tree

@testable import Sandbox

@Suite struct PlanTests {
    let merged = NodeLayout(places: [("bin", .link("usr/bin")), ("lib64", .link("usr/lib64"))], hasOpt: false)

    @Test func stagingTakesTheNodesProgramsReadOnly() {
        let plan = StagingPlan.root(at: "/b", layout: merged, cgroups: "/sys/fs/cgroup/unified", rootfs: nil)
        #expect(plan.first == .filesystem("tmpfs", at: "/b", options: "mode=755,size=16m"))
        #expect(plan.contains(.bind("/usr", over: "/b/usr", readOnly: true)))
        #expect(plan.contains(.link("/b/bin", to: "usr/bin")))
        #expect(plan.contains(.bind("/sys/fs/cgroup/unified", over: "/b/sys/fs/cgroup")))
        #expect(!plan.contains { $0.path == "/b/node/rootfs" && $0 != .directory("/b/node/rootfs") })
    }

    @Test func directoriesComeBeforeWhatIsMountedOnThem() {
        let split = NodeLayout(places: [("bin", .directory)], hasOpt: true)
        let plan = StagingPlan.root(at: "/b", layout: split, cgroups: "/c", rootfs: "/r") + StagingPlan.outer(owner: 65536)
        var made: Set<String> = ["/b", "/outer"]
        for step in plan {
            switch step {
            case .directory(let path, _, _), .file(let path): made.insert(path)
            case .bind(_, let path, _), .filesystem(_, let path, _, _): #expect(made.contains(path), "\(path)")
            default: break
            }
        }
        #expect(plan.contains(.bind("/bin", over: "/b/bin", readOnly: true)))
        #expect(plan.contains(.bind("/r", over: "/b/node/rootfs", readOnly: true)))
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
                == ["softnet_stat", "protocols", "sockstat", "stat", "ptype"].map { .close("/procfs/1/net/" + $0) })
    }

    @Test func aViewIsProcfsThenCoversThenSysfs() {
        let cover = Cover(target: "proc/meminfo", connection: .live, source: "proc/meminfo", isDirectory: false)
        let denied = Cover(target: "proc/kcore", connection: .static, source: "cover/file", isDirectory: false)
        let live = Cover(target: "sys/devices/system/node", connection: .live, source: "sys/devices/system/node", isDirectory: true)
        let plan = ViewPlan.steps(
            number: 7, top: "/inner/a", procfs: [cover, denied], sysfs: [live], namespaced: ["sys/class/net"], hasCgroupDirectory: true)
        #expect(
            plan == [
                .bind("/procfs", over: "/inner/a/proc"),
                .cover("/fuse/live/7/proc/meminfo", over: "/inner/a/proc/meminfo"),
                .cover("/fuse/static/7/cover/file", over: "/inner/a/proc/kcore"),
                .bind("/fuse/static/7/sys", over: "/inner/a/sys", readOnly: true),
                .bind("/fuse/live/7/sys/devices/system/node", over: "/inner/a/sys/devices/system/node", readOnly: true),
                .bind("/sysfs/class/net", over: "/inner/a/sys/class/net"),
                .bind("/cgroup", over: "/inner/a/sys/fs/cgroup"),
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
}
