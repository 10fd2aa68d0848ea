import Glibc
import Linux
import SystemPackage

/// Where an attack takes place, and what it would recognise the node by.
struct Scene: Sendable {
    /// What the driver knows of the node and of the other vNode: see `Facts`.
    let facts: [String: String]
    /// A writable directory.
    let directory: String

    func fact(_ name: String) -> String? { facts[name].flatMap { $0.isEmpty ? nil : $0 } }

    /// Whether a system call filter is in force.
    static var isFiltered: Bool { status("Seccomp") == "2" }

    /// Whether the process is in the user namespace the node's files belong to.
    static var isUnmapped: Bool {
        text("/proc/self/uid_map")?.split(separator: " ").first == "0" && text("/proc/self/uid_map")?.contains("4294967295") == true
    }

    static func status(_ key: String) -> String? {
        text("/proc/self/status")?.split(separator: "\n").first { $0.hasPrefix(key + ":") }.map {
            String($0.dropFirst(key.count + 1).drop(while: \.isWhitespace))
        }
    }

    static func text(_ path: String, limit: Int = 1 << 20) -> String? {
        (try? Files.read(path, limit: limit)).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The first bytes of a file that may have no end.
    static func beginning(_ path: String, size: Int = 64) -> [UInt8]? {
        guard let file = try? Files.open(path, flags: O_RDONLY | O_NONBLOCK) else { return nil }
        var bytes = [UInt8](repeating: 0, count: size)
        let raw = file.raw
        let got = unsafe bytes.withUnsafeMutableBytes { unsafe read(raw, $0.baseAddress, $0.count) }
        return got < 0 ? nil : Array(bytes.prefix(got))
    }

    /// A directory of the attack's own.
    func makeDirectory(_ name: String) -> String {
        let path = "\(directory)/\(name)-\(getpid())"
        try? Directories.make(path)
        return path
    }

    func makeFile(_ name: String, _ text: String = "") -> String {
        let path = "\(directory)/\(name)-\(getpid())"
        if (try? Files.open(path, flags: O_WRONLY | O_CREAT, mode: 0o700)) != nil { try? Files.write(text, to: path) }
        return path
    }

    // MARK: What must not be in sight

    /// What a procfs or sysfs at `top` tells of the node; nil when nothing.
    func revealed(at top: String) -> String? {
        for name in ["iomem", "kallsyms", "ioports"] {
            if let bytes = Scene.beginning("\(top)/\(name)"), !bytes.isEmpty { return "\(top)/\(name) has content" }
        }
        for name in ["kcore", "kmsg", "kpagecount"] where (try? Files.open("\(top)/\(name)", flags: O_RDONLY | O_NONBLOCK)) != nil {
            return "\(top)/\(name) can be opened"
        }
        if let line = fact("cmdline"), let found = Scene.text("\(top)/cmdline"), found.hasPrefix(line) {
            return "\(top)/cmdline is the node's"
        }
        if let pid = fact("node.pid"), let token = fact("node.token"), let words = Scene.text("\(top)/\(pid)/cmdline"),
            words.contains(token)
        {
            return "\(top)/\(pid) is a process of the node's"
        }
        for name in ["kernel/uevent_helper", "kernel/vmcoreinfo", "kernel/notes", "module/kernel", "firmware/memmap"]
        where (try? Files.open("\(top)/\(name)", flags: Files.place)) != nil { return "\(top)/\(name) is there" }
        return nil
    }

    /// What came of something that worked: nothing of the node may be in sight at any of these places.
    func judge(_ what: String, _ places: String...) -> Finding {
        for place in places + ["/proc", "/sys"] { if let leak = revealed(at: place) { return .breached("\(what): \(leak)") } }
        return .contained(what)
    }

    /// A child in new namespaces, which is the first process of its PID namespace if that is new.
    func nested(_ kinds: Namespaces, seconds: Int = Attempt.patience - 20, _ body: () throws -> Finding) throws -> Finding {
        try Kernel.unshare(kinds)
        return Attempt.run(seconds: seconds) { Attempt.finding(body) }
    }
}
