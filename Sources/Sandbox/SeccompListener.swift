import Glibc
import Linux
import SystemPackage

/// Where an engine leaves the descriptor by which a container's system calls are answered.
struct SeccompListener: ~Copyable {
    let socket: OwnedFD
    let path: String

    /// Listens at a new path below a container's directory in staging.
    init(below top: String) throws(Failure) {
        let path = top + "/seccomp.sock"
        self.path = path
        socket = try attempt("listening for the engine", path) { () throws(Errno) in
            let socket = try Sockets.stream()
            try Sockets.listen(socket, at: path)
            return socket
        }
    }

    /// Takes what an engine sends: the state of the container, and the descriptor.
    borrowing func receive() throws(Failure) -> OwnedFD {
        let descriptors = try attempt("taking the seccomp descriptor", path) { () throws(Errno) in
            let connection = try Sockets.accept(on: socket)
            try Sockets.setTimeouts(connection, seconds: 5)
            return try Sockets.receive(longest: 64 << 10, on: connection).1
        }
        guard descriptors.count == 1, let only = descriptors.first else {
            for descriptor in descriptors { _ = close(descriptor) }
            throw Failure("taking the seccomp descriptor: \(path): the engine sent \(descriptors.count)")
        }
        return OwnedFD(taking: only)
    }
}
