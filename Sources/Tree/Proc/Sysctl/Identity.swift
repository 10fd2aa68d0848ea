import Text

/// `/proc/sys/*` that tell of the view, its vNode or its kernel: one line each.
///
/// hostname of the vNode (where there is no uts namespace to ask), random/boot_id of the vNode; osrelease, version and arch as
/// uname(2); random/uuid new at every open; ns_last_pid the last pid of the vNode's PID namespace that was seen; watchdog_cpumask the
/// visible CPUs; file-nr with the vNode's own file-max. Source: `kernel/utsname_sysctl.c`, `drivers/char/random.c`,
/// `kernel/pid_namespace.c`, `kernel/watchdog.c`, `fs/file_table.c`. Write: EACCES.
enum Sysctl {
    static func hostname(_ snapshot: borrowing Snapshot, _ instance: Int, _ out: inout ByteWriter) {
        line(snapshot.identity.hostname, &out)
    }

    static func osrelease(_ snapshot: borrowing Snapshot, _ instance: Int, _ out: inout ByteWriter) {
        line(snapshot.identity.kernelRelease, &out)
    }

    static func version(_ snapshot: borrowing Snapshot, _ instance: Int, _ out: inout ByteWriter) {
        line(snapshot.identity.kernelVersion, &out)
    }

    static func architecture(_ snapshot: borrowing Snapshot, _ instance: Int, _ out: inout ByteWriter) {
        #if arch(arm64)
            line("aarch64", &out)
        #else
            line("x86_64", &out)
        #endif
    }

    static func bootID(_ snapshot: borrowing Snapshot, _ instance: Int, _ out: inout ByteWriter) {
        line(snapshot.identity.bootID, &out)
    }

    static func uuid(_ snapshot: borrowing Snapshot, _ instance: Int, _ out: inout ByteWriter) {
        line(snapshot.identity.freshUUID, &out)
    }

    static func lastPID(_ snapshot: borrowing Snapshot, _ instance: Int, _ out: inout ByteWriter) {
        out.write(snapshot.tasks.lastPID)
        out.write(byte: 0x0a)
    }

    /// `0-1,3`: of what runs on every CPU unless told otherwise.
    static func visibleCPUs(_ snapshot: borrowing Snapshot, _ instance: Int, _ out: inout ByteWriter) {
        line(snapshot.cpus.visible.list, &out)
    }

    /// `1024\t0\t9223372036854775807`: open files, free ones, at most.
    static func fileNumbers(_ snapshot: borrowing Snapshot, _ instance: Int, _ out: inout ByteWriter) {
        out.write("1024\t0\t")
        if let most = snapshot.stored { out.write(most) } else { line("9223372036854775807", &out) }
    }

    private static func line(_ text: String, _ out: inout ByteWriter) {
        out.write(text)
        out.write(byte: 0x0a)
    }
}
