import Text

/// `/proc/version`: `Linux version 6.12.6-amd64 (vnode@vnode) (cc) #1 SMP PREEMPT_DYNAMIC Debian 6.12.6-1 (2024-12-21)`
///
/// Release and version as uname(2) tells anybody; who built the node's kernel where with what is a constant. Source:
/// `fs/proc/version.c`. Reads the node's /proc/version. Write: EACCES.
enum Version {
    static func render(_ snapshot: borrowing Snapshot, _ instance: Int, _ out: inout ByteWriter) {
        out.write("Linux version ")
        out.write(snapshot.identity.kernelRelease)
        out.write(" (vnode@vnode) (cc) ")
        out.write(snapshot.identity.kernelVersion)
        out.write(byte: 0x0a)
    }
}
