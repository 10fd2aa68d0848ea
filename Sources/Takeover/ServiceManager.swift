import CLinux
import Glibc
import Linux
import SystemPackage

/// systemd's side of a service (sd_notify(3), sd_listen_fds(3)): it keeps descriptors over the death of the supervisor itself.
struct ServiceManager: ~Copyable {
    private let socket: OwnedFD
    private let address: String

    /// nil when not run as a unit with `NotifyAccess`.
    init?() {
        guard let path = unsafe getenv("NOTIFY_SOCKET").map({ unsafe String(cString: $0) }), path.hasPrefix("/") || path.hasPrefix("@"),
            let socket = try? Sockets.datagram()
        else { return nil }
        // A manager that is stuck must not keep us.
        try? Sockets.setTimeouts(socket, seconds: 2)
        self.socket = socket
        address = path
    }

    /// The environment is another service's: neither its messages nor its descriptors are ours.
    static func leave() {
        for name in ["NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"] { unsafe unsetenv(name) }
    }

    /// Lines of `NAME=value`, with descriptors. What cannot be told is lost: the service works without.
    borrowing func tell(_ text: String, _ descriptors: [CInt] = []) -> Bool {
        (try? Sockets.send(Array(text.utf8), descriptors: descriptors, on: socket, to: address)) != nil
    }

    borrowing func store(_ key: UInt64, connection: UInt64, _ descriptor: CInt) -> Bool {
        // Without watching it: one that has hung up is let go of here.
        tell("FDSTORE=1\nFDPOLL=0\nFDNAME=\(ServiceManager.name(key, connection))", [descriptor])
    }

    borrowing func forget(_ key: UInt64, connection: UInt64) {
        _ = tell("FDSTOREREMOVE=1\nFDNAME=\(ServiceManager.name(key, connection))")
    }

    private static func name(_ key: UInt64, _ connection: UInt64) -> String {
        "vnode-\(String(key, radix: 16))-\(String(connection, radix: 16))"
    }

    /// The descriptors the manager kept; closed are those that are not ours. The environment is as if there had been none.
    static func stored() -> [(key: UInt64, connection: UInt64, descriptor: CInt)] {
        let first: CInt = 3
        guard let count = variable("LISTEN_FDS").flatMap({ CInt($0) }), count > 0, variable("LISTEN_PID").flatMap({ Int32($0) }) == getpid()
        else { return [] }
        let names = (variable("LISTEN_FDNAMES") ?? "").split(separator: ":", omittingEmptySubsequences: false)
        for name in ["LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"] { unsafe unsetenv(name) }
        return (0..<count).compactMap { index in
            let descriptor = first + index
            _ = clinux_fcntl(descriptor, F_SETFD, CLong(FD_CLOEXEC))
            let parts = names.dropFirst(Int(index)).first?.split(separator: "-") ?? []
            guard parts.count == 3, parts[0] == "vnode", let key = UInt64(parts[1], radix: 16), let connection = UInt64(parts[2], radix: 16)
            else {
                _ = close(descriptor)
                return nil
            }
            return (key, connection, descriptor)
        }
    }

    private static func variable(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(cString: value)
    }
}
