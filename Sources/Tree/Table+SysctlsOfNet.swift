extension Table {
    /// `/proc/sys/net/core` where the kernel leaves it empty: in a network namespace that belongs to a user namespace, before Linux
    /// 6.3. Elsewhere `net` is the kernel's own, whole.
    static let sysctlsOfNet: [Row] = [
        core("somaxconn", "4096", .count),
        core("rmem_default", "212992", .int(2304...Int64(Int32.max))),
        core("rmem_max", "212992", .int(2304...Int64(Int32.max))),
        core("wmem_default", "212992", .int(4608...Int64(Int32.max))),
        core("wmem_max", "212992", .int(4608...Int64(Int32.max))),
        core("optmem_max", "20480", .int),
        core("netdev_max_backlog", "1000", .int),
        core("netdev_budget", "300", .int),
        core("netdev_budget_usecs", "8000", .count),
        core("dev_weight", "64", .int),
        core("busy_read", "0", .count),
        core("busy_poll", "0", .count),
        core("message_cost", "5", .seconds),
        core("message_burst", "10", .int),
        core("txrehash", "1", .unsigned(0...1)),
    ]

    private static func core(_ name: String, _ original: String, _ form: SysctlForm) -> Row {
        .stored(Cover.netCore.path + "/" + name, original, form, "net/core/sysctl_net_core.c")
    }
}
