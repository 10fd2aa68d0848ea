import Text

extension Table {
    /// `/proc/sys`. What no row names is not there, but below `net` and `user`, which are the kernel's own.
    static let procSys: [Row] =
        sysctlsOfKernel + sysctlsOfNamespaces + sysctlsOfVM + sysctlsOfFS + sysctlsOfNet + sysctlsOfPreparedNet + otherSysctls

    private static let otherSysctls: [Row] = [
        .stored("/proc/sys/abi/vsyscall32", "1", .flag, "arch/x86/entry/vdso/vdso32-setup.c"),
        .fixed("/proc/sys/crypto/fips_enabled", "0", "crypto/fips.c", mode: 0o444),
        .fixed("/proc/sys/crypto/fips_name", "Linux Kernel Cryptographic API", "crypto/fips.c", mode: 0o444),
        .identity("/proc/sys/crypto/fips_version", "crypto/fips.c", Sysctl.osrelease),
        .stored("/proc/sys/debug/exception-trace", "1", .int, "kernel/signal.c"),
        .stored("/proc/sys/dev/tty/ldisc_autoload", "1", .flag, "drivers/tty/tty_ldisc.c"),
        .stored("/proc/sys/dev/tty/legacy_tiocsti", "0", .flag, "drivers/tty/tty_io.c"),

        .namespaced("/proc/sys/net", kind: .directory, source: "net/sysctl_net.c", reason: "the reader's network namespace"),
        .namespaced("/proc/sys/user", kind: .directory, source: "kernel/ucount.c", reason: "limits of the reader's user namespace"),
    ]
}

extension Row {
    /// Kept for each vNode: `original` until somebody writes to it, and without effect on the node ever.
    static func stored(
        _ path: String, _ original: String, _ form: SysctlForm, _ source: String, mode: UInt16 = 0o644, zeroes: Zeroes? = nil
    ) -> Row {
        Row(
            path, kind: .file, policy: .emulate, freshness: .everyOpen, source: source, mode: mode, writing: .stored(form), shows: path,
            zeroes: zeroes
        ) { snapshot, _, out in
            if let stored = snapshot.stored { return out.write(stored) }
            out.write(original)
            out.write(byte: 0x0a)
        }
    }

    /// The same everywhere and nobody's to change (EACCES): what would be dangerous, and what tells of the node.
    static func fixed(_ path: String, _ text: String, _ source: String, mode: UInt16 = 0o644) -> Row {
        let isForAll = mode & 0o004 != 0
        return Row(
            path, kind: .file, policy: .constant, freshness: .everyOpen, source: source, mode: mode, owner: isForAll ? .nobody : .root
        ) { _, _, out in
            out.write(text)
            out.write(byte: 0x0a)
        }
    }

    /// Can only be written to, and not by anybody inside (EACCES).
    static func trigger(_ path: String, _ source: String, mode: UInt16 = 0o200) -> Row {
        Row(path, kind: .file, policy: .empty, freshness: .everyOpen, source: source, mode: mode, owner: .nobody) { _, _, _ in }
    }

    /// The kernel's own of the caller's namespace, or of the vNode's; `original` where there is none to ask (the debug mount).
    static func proxied(
        _ path: String, _ namespace: NamespaceKind, _ original: String, _ source: String, mode: UInt16 = 0o644
    ) -> Row {
        Row(
            path, kind: .file, policy: .namespaced, freshness: .everyOpen, source: source, mode: mode, writing: .namespace(namespace)
        ) { _, _, out in
            out.write(original)
            out.write(byte: 0x0a)
        }
    }

    /// Tells of the view or its kernel; cannot be written.
    static func identity(_ path: String, needs: Needs = [], _ source: String, _ render: @escaping Renderer) -> Row {
        Row(
            path, kind: .file, policy: .emulate, freshness: .everyOpen, needs: needs, source: source, mode: 0o444, owner: .nobody,
            render: render)
    }
}
