import Text

/// `/sys/devices/system/cpu/vulnerabilities/*`: `Mitigation: Retpolines; STIBP: disabled`
///
/// The node's, read once: a program that guards itself has to know what its CPU and its kernel leave to it, and both are the
/// node's. Anything else would be a lie to somebody's harm: `Not affected` as well as none of the files. The same fact as the `bugs` of
/// cpuinfo, and nothing in it moves. Source: `drivers/base/cpu.c`, `arch/*/kernel/cpu/bugs.c`. A file the node's kernel does not have
/// is not there. Write: EACCES.
public enum Vulnerabilities {
    /// Of kernels up to 7.0.
    public static let names = [
        "gather_data_sampling", "ghostwrite", "indirect_target_selection", "itlb_multihit", "l1tf", "mds", "meltdown", "mmio_stale_data",
        "old_microcode", "reg_file_data_sampling", "retbleed", "spec_rstack_overflow", "spec_store_bypass", "spectre_v1", "spectre_v2",
        "srbds", "tsa", "tsx_async_abort", "vmscape",
    ]

    static func render(_ name: String) -> Renderer {
        { snapshot, _, out in out.write(snapshot.vulnerabilities[name] ?? []) }
    }
}
