import CLinux
import Glibc
import Linux
import SystemPackage

/// Somebody on the node, or in another vNode, who holds what others must not find, and notices what reaches it.
///
/// Reads commands from standard input: `probe` answers how long the machine takes for ordinary things, `state` whether anything
/// has reached it, an end of input ends it.
enum Witness {
    static let key = 0x766e_6f64
    static let queue = "/vnode-adversary"
    static let keyName = "vnode-adversary"
    static let lockedFile = "/usr/bin/env"

    static func abstractName(_ token: String) -> String { "vnode-adversary-\(token)" }

    private nonisolated(unsafe) static var signals = 0

    static func run(token: String) -> Never {
        for signal in [SIGUSR1, SIGUSR2, SIGHUP, SIGTERM, SIGINT] { Glibc.signal(signal) { _ in unsafe Witness.signals += 1 } }
        let held = hold(token)
        var lines = ["held \(held.joined(separator: ","))"]
        for kind in ["mnt", "pid", "net", "ipc", "uts", "cgroup", "time", "user"] {
            lines.append("ns.\(kind)=\((try? Directories.readLink("/proc/self/ns/\(kind)")) ?? "")")
        }
        lines.append("ready")
        say(lines.joined(separator: "\n"))
        while let line = readLine() {
            switch line {
            case "probe": say(Probe.take().line)
            case "state": say(unsafe signals == 0 ? "intact" : "\(signals) signals")
            default: say("what is \(line)?")
            }
        }
        release()
        exit(0)
    }

    private static func say(_ text: String) {
        let bytes = Array((text + "\n").utf8)
        _ = unsafe bytes.withUnsafeBytes { unsafe write(1, $0.baseAddress, $0.count) }
    }

    /// Makes one of each. Answers what it could.
    private static func hold(_ token: String) -> [String] {
        var held: [String] = []
        func keep(_ name: String, _ result: Int) { if result >= 0 { held.append(name) } }
        keep("shm", Kernel.raw(.shmget, [.number(key), 4096, 0o1666]))
        keep("sem", Kernel.raw(.semget, [.number(key), 1, 0o1666]))
        keep("msg", Kernel.raw(.msgget, [.number(key), 0o1666]))
        keep("mq", Kernel.raw(.mq_open, [.text(String(queue.dropFirst())), .number(Int(O_CREAT | O_RDWR)), 0o666, 0]))
        if (try? Files.open("/dev/shm" + queue, flags: O_CREAT | O_RDWR, mode: 0o666)) != nil { held.append("file") }
        // KEY_SPEC_SESSION_KEYRING.
        let serial = Kernel.raw(.add_key, ["user", .text(keyName), .text(token), .number(token.utf8.count), -3])
        keep("key=\(serial)", serial)
        let socket = Kernel.raw(.socket, [.number(Int(AF_UNIX)), 1, 0])
        if socket >= 0 {
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            let name = Array(abstractName(token).utf8.prefix(100))
            unsafe withUnsafeMutableBytes(of: &address.sun_path) { for (index, byte) in name.enumerated() { unsafe $0[index + 1] = byte } }
            let bound = unsafe withUnsafePointer(to: &address) {
                unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(CInt(socket), $0, socklen_t(3 + name.count)) }
            }
            if bound == 0, listen(CInt(socket), 8) == 0 { held.append("abstract") }
        }
        if let file = try? Files.open(lockedFile, flags: O_RDONLY).release() {
            let owned = OwnedFD(taking: file)
            if (try? Locks.tryLock(owned, .shared)) == true { held.append("flock") }
            _ = owned.release()
            var lock = flock()
            lock.l_type = Int16(F_RDLCK)
            if unsafe withUnsafeMutablePointer(to: &lock, { clinux_fcntl(file, F_SETLK, Int(bitPattern: $0)) }) == 0 { held.append("lock") }
        }
        if let port = listenOnLoopback() { held.append("port=\(port)") }
        return held
    }

    private static func listenOnLoopback() -> UInt16? {
        let socket = CInt(Kernel.raw(.socket, [.number(Int(AF_INET)), 1, 0]))
        guard socket >= 0 else { return nil }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let done = unsafe withUnsafeMutablePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(socket, $0, size) == 0 && listen(socket, 8) == 0 && getsockname(socket, $0, &size) == 0
            }
        }
        return done ? UInt16(bigEndian: address.sin_port) : nil
    }

    /// What outlives a process.
    private static func release() {
        let remove = 0
        for (get, control, arguments) in [
            (Call.shmget, Removal.shared, [Kernel.Argument.number(key), 0, 0]), (.semget, .semaphores, [.number(key), 0, 0]),
            (.msgget, .messages, [.number(key), 0]),
        ] {
            let id = Kernel.raw(get, arguments)
            if id >= 0 { Removal.remove(control, id: id, command: remove) }
        }
        _ = unsafe unlink("/dev/shm" + queue)
        unsafe unlink("/dev/mqueue" + queue)
        Removal.queue(String(queue.dropFirst()))
    }
}

/// Takes away System V objects and message queues.
enum Removal {
    case shared, semaphores, messages

    static func remove(_ kind: Removal, id: Int, command: Int) {
        switch kind {
        case .shared: _ = shmctl(CInt(id), CInt(command), nil)
        case .messages: _ = msgctl(CInt(id), CInt(command), nil)
        case .semaphores: Raw.removeSemaphores(id)
        }
    }

    static func queue(_ name: String) { Raw.unlinkQueue(name) }
}
