import Text
import Tree

/// The CPUs a view may use: the first ceil(quota / period) of its cpuset, with the kernel's own ids, at least one.
func visibleCPUs(node: CPUSet, cpuset: CPUSet?, affinity: CPUSet?, quotas: [[UInt8]]) -> CPUSet {
    var cpus = node
    if let cpuset, !cpuset.isEmpty { cpus = cpuset }
    if let affinity {
        let both = cpus.intersection(affinity)
        if !both.isEmpty { cpus = both }
    }
    if cpus.isEmpty { cpus = CPUSet([0]) }
    guard let most = quotas.compactMap(wholeCPUs).min() else { return cpus }
    return cpus.prefix(max(1, most))
}

/// cpu.max, `quota period` in microseconds, in CPUs rounded up; nil without a quota.
func wholeCPUs(_ bytes: [UInt8]) -> Int? {
    var words = Words(trimmed(bytes[...]))
    guard let quota = words.next().flatMap({ Digits.parse($0) }) else { return nil }
    let period = words.next().flatMap { Digits.parse($0) } ?? 100_000
    guard period > 0 else { return nil }
    return Int(clamping: quota / period + (quota % period > 0 ? 1 : 0))
}
