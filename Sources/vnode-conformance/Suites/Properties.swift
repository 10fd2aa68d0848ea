import FoundationEssentials
import Glibc
import Linux

extension Suite {
    /// What the kernel's own /proc and /sys keep to, asked of a vNode's and of the debug mount. What the kernel fails is a wrong test.
    static let properties = Suite(
        name: "properties",
        checks: Property.all.map { property in
            Check(property.name) { context in
                if let fault = await PropertyTree.native.fault(of: property, in: context) {
                    throw Mismatch(expected: "a property of the kernel", got: fault)
                }
                try await context.keeping(["properties"]) { names in
                    let fault = try await context.tree(of: names[0]).fault(of: property, in: context)
                    if let fault { throw Mismatch(expected: "the same of a vNode", got: fault) }
                }
                try await context.withDebugMount { mount in
                    let fault = await PropertyTree(name: "debug mount", top: mount.directory, claims: debugMount).fault(
                        of: property, in: context)
                    if let fault { throw Mismatch(expected: "the same of the debug mount", got: fault) }
                }
            }
        } + [
            Check("lxcfs is asked for the files it claims") { context in
                guard unsafe access("/usr/bin/lxcfs", X_OK) == 0 else { return print("# no lxcfs on this machine") }
                let directory = try context.makeDirectory("lxcfs")
                let words = ["/usr/bin/lxcfs", "-f", "-l", "-p", context.path("pid"), directory]
                let (asked, _) = try await withProgram(words, in: context) { program in
                    try await eventually("lxcfs to serve", got: { program.error }) { Files.exists("\(directory)/proc/meminfo") }
                    let tree = PropertyTree(name: "lxcfs", top: directory, claims: lxcfs)
                    var asked = 0
                    for property in Property.all where tree.isAsked(property) {
                        asked += 1
                        let fault = await tree.fault(of: property, in: context)
                        print("# lxcfs: \(property.name): \(fault ?? "holds")")
                    }
                    try await program.terminate()
                    return asked
                }
                // How it does is its own affair; that it can be asked is ours.
                try expect(asked > 7, "more than 7 properties", got: "\(asked)")
            }
        ])

    /// Not the kernel's procfs with what lies over it, but the served part alone.
    private static let debugMount = [
        "proc/cpuinfo", "proc/meminfo", "proc/stat", "proc/uptime", "proc/loadavg", "proc/version", "proc/swaps", "proc/diskstats",
        "proc/vmstat", "proc/partitions", "proc/interrupts", "proc/softirqs", "proc/schedstat", "proc/filesystems", "proc/devices",
        "proc/cmdline", "proc/cgroups", "proc/locks", "proc/pressure", "proc/sys", "sys/devices", "sys/kernel", "sys/fs",
    ]

    static let lxcfs = [
        "proc/cpuinfo", "proc/meminfo", "proc/stat", "proc/uptime", "proc/loadavg", "proc/swaps", "proc/diskstats", "proc/pressure",
        "sys/devices/system/cpu",
    ]
}

extension Context {
    private struct Inspected: Decodable { let initPID: Int32? }

    /// The trees of a vNode's outer container as seen from here, and an inner container to act in.
    func tree(of vnode: String) async throws -> PropertyTree {
        let outcome = try await launcher(["inspect", vnode, "--format", "json"]).succeeded()
        let found = try JSONDecoder().decode(Inspected.self, from: Data(outcome.output.utf8))
        let pid = try unwrap(found.initPID, "the first process of \(vnode)", got: outcome.output)
        return PropertyTree(name: "vNode", top: "/proc/\(pid)/root", enter: [program("vnode"), "exec", vnode, "--"])
    }
}
