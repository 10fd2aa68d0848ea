import Text

/// `/proc/sys/kernel/*` that name the view or its kernel: one line each.
///
/// hostname, domainname, random/boot_id of the vNode; osrelease and version as uname(2); random/uuid new at every open. Source:
/// `kernel/utsname_sysctl.c`, `drivers/char/random.c`. Write: EACCES.
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

    static func bootID(_ snapshot: borrowing Snapshot, _ instance: Int, _ out: inout ByteWriter) {
        line(snapshot.identity.bootID, &out)
    }

    static func uuid(_ snapshot: borrowing Snapshot, _ instance: Int, _ out: inout ByteWriter) {
        line(snapshot.identity.freshUUID, &out)
    }

    private static func line(_ text: String, _ out: inout ByteWriter) {
        out.write(text)
        out.write(byte: 0x0a)
    }
}
