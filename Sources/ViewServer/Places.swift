public import Control
import FuseKit
import Glibc
public import Linux
import SystemPackage
public import Takeover
import Tree

/// A directory of the daemon's own, held by one daemon at a time.
public enum StateDirectory {
    /// Makes the directory (0700) and locks it. The lock lasts as long as the result.
    public static func take(_ path: String) throws(ControlError) -> OwnedFD {
        do throws(Errno) {
            try Directories.makeAll(path, mode: 0o700)
            let lock = try Files.open(path + "/lock", flags: O_RDWR | O_CREAT, mode: 0o600)
            guard try Locks.tryLock(lock) else { throw Errno.wouldBlock }
            return lock
        } catch {
            let reason = error == .wouldBlock ? "another vnode-fs uses it: stop that one or name another with --state" : "\(error)"
            throw ControlError(error, "state directory \(path): \(reason)")
        }
    }
}

public enum ControlSocket {
    /// Listens at `path`; a socket nobody listens on any more is replaced, one in use is not.
    public static func listen(at path: String) throws(ControlError) -> OwnedFD {
        do throws(Errno) {
            if let slash = path.lastIndex(of: "/"), slash != path.startIndex {
                try Directories.makeAll(String(path[..<slash]), mode: 0o700)
            }
            do throws(Errno) {
                _ = try Channel.connect(to: path)
                throw Errno.addressInUse
            } catch  where error == .connectionRefused {
                // Also what connect(2) says of a file that is no socket: that is somebody's.
                var status = stat()
                if unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT != S_IFSOCK { throw Errno.notSocket }
                _ = unsafe unlink(path)
            } catch  where error == .noSuchFileOrDirectory {}
            let socket = try Sockets.seqPacket()
            try Sockets.listen(socket, at: path)
            return socket
        } catch {
            let reason = error == .addressInUse ? "a vnode-fs listens there already" : "\(error)"
            throw ControlError(error, "control socket \(path): \(reason)")
        }
    }
}

/// What a request is about, for the log: `READ /proc/meminfo`.
public func describe(_ slot: RequestSlot) -> String {
    "\(opcodeName(slot.opcode)) \(Registry.path(slot.node, in: .standard))"
}
