import Text

/// `/proc/cgroups`: `memory	0	3	1`
///
/// Controller, hierarchy (0: cgroup2), cgroups, enabled. Source: `kernel/cgroup/cgroup-v1.c`. The JVM and others tell cgroup2 by it. The
/// controllers are all the kernel knows, whatever the node mounted or switched off; the count, which the kernel too says the same for
/// all of them, is the view's cgroup and those below it. Reads `cgroup.stat`. Without it: 1. Write: EACCES.
enum Cgroups {
    static func render(_ snapshot: borrowing Snapshot, _ instance: Int, _ out: inout ByteWriter) {
        out.write("#subsys_name\thierarchy\tnum_cgroups\tenabled\n")
        for controller in controllers {
            out.write(controller)
            out.write("\t0\t")
            out.write(snapshot.descendantCgroups.plus(1))
            out.write("\t1\n")
        }
    }

    private static let controllers = [
        "cpuset", "cpu", "cpuacct", "blkio", "memory", "devices", "freezer", "net_cls", "perf_event", "net_prio", "hugetlb", "pids",
        "rdma", "misc",
    ]
}
