import Linux

/// The private `/etc` of a root filesystem that shows the machine's programs: generated files, and of the node's only what
/// programs need to run and what says nothing about the node.
enum MachineEtc {
    static let copied = [
        "ld.so.cache", "ld.so.conf", "localtime", "os-release", "debian_version", "services", "protocols", "profile", "bash.bashrc",
    ]
    /// Bound read-only, whole.
    static let directories = ["alternatives", "ld.so.conf.d", "terminfo", "ca-certificates", "python3"]

    static func generated(hostname: String) -> [(name: String, text: String)] {
        [
            ("passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"),
            ("group", "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n"),
            ("hostname", hostname + "\n"),
            ("hosts", "127.0.0.1 localhost\n::1 localhost\n127.0.1.1 \(hostname)\n"),
            ("resolv.conf", ""),
            ("nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\nservices: files\nprotocols: files\n"),
        ]
    }

    /// Steps that fill `etc`; `node` is the node's.
    static func steps(
        etc: String, node: String, owner: UInt32, hostname: String, directories: [String], copies: [(name: String, bytes: [UInt8])]
    ) -> [MountStep] {
        var steps: [MountStep] = generated(hostname: hostname).map { .text("\(etc)/\($0.name)", Array($0.text.utf8), owner: owner) }
        steps += copies.map { .text("\(etc)/\($0.name)", $0.bytes, owner: owner) }
        for name in directories {
            steps += [.directory("\(etc)/\(name)", owner: owner), .bind("\(node)/\(name)", over: "\(etc)/\(name)", readOnly: true)]
        }
        return steps
    }

    /// What of the node's `/etc` is there.
    static func found(_ node: String) -> (directories: [String], copies: [(name: String, bytes: [UInt8])]) {
        let entries = (try? Directories.list(node)) ?? []
        let java = entries.map(\.name).filter { $0.hasPrefix("java-") }
        let present = (directories + java).filter { Directories.kind("\(node)/\($0)") == .directory }
        let copies = copied.compactMap { name in (try? Files.read("\(node)/\(name)")).map { (name: name, bytes: $0) } }
        return (present, copies)
    }
}
