import Glibc
import Linux
import SystemPackage

/// A pair of interfaces between node and vNode, with an address on each end: `vnode<n>` on the node, `eth0` in the vNode. Both end with
/// the vNode's network namespace. Packets go no further than the node lets them.
struct VethPair: Equatable {
    let name: String
    /// `198.18.0.2`, the node's end, and `198.18.0.3`.
    let node: String
    let inside: String

    /// Of the vNode with these ids: as no other one has them, none has the name or the addresses. Two of 198.18.0.0/15, which is set aside
    /// for measuring network devices and so is nobody's.
    init(uidBase: UInt32) {
        let number = uidBase / IDRange.size
        name = "vnode\(number)"
        node = VethPair.address(2 * number)
        inside = VethPair.address(2 * number + 1)
    }

    private static func address(_ offset: UInt32) -> String {
        let number: UInt32 = 198 << 24 | 18 << 16 | (offset & 0x1ffff)
        return [24, 16, 8, 0].map { "\(number >> $0 & 0xff)" }.joined(separator: ".")
    }

    /// What the node's end has before it is up, below `/proc/sys/net`. On the other end is root of a vNode: router advertisements and
    /// redirects would be believed by the node, and change its routes and addresses.
    func settings(hasIPv6: Bool) -> [(path: String, value: String)] {
        let ofIPv4 = [("accept_redirects", "0"), ("send_redirects", "0"), ("rp_filter", "1")].map { ("ipv4/conf/\(name)/" + $0.0, $0.1) }
        let ofIPv6 = ["accept_ra", "accept_redirects", "autoconf"].map { ("ipv6/conf/\(name)/" + $0, "0") }
        return (ofIPv4 + (hasIPv6 ? ofIPv6 : [])).map { (path: $0.0, value: $0.1) }
    }

    /// `first` is the vNode's first process, whose network namespace is its.
    func make(first: Int32, pidfd: CInt) throws(Failure) {
        remove()
        let stage = "making the interface \(name)"
        try IPCommand.run(["link add \(name) type veth peer name eth0 netns \(first)"], stage)
        let hasIPv6 = Directories.kind("/proc/sys/net/ipv6/conf/\(name)") != nil
        for (path, value) in settings(hasIPv6: hasIPv6) {
            try attempt(stage, "/proc/sys/net/\(path)") { () throws(Errno) in try Files.write(value, to: "/proc/sys/net/\(path)") }
        }
        // Without an address of its own there IPv6 reaches the node's end only when the administrator gives it one.
        let quiet = hasIPv6 ? ["link set \(name) addrgenmode none"] : []
        try IPCommand.run(quiet + ["addr add \(node)/31 dev \(name)", "link set \(name) up"], stage)
        try IPCommand.run(
            ["addr add \(inside)/31 dev eth0", "link set eth0 up", "route add default via \(node)"], "making the interface eth0", in: pidfd)
    }

    /// The kernel does it by itself, some time after the last process.
    func remove() {
        guard Directories.kind("/sys/class/net/\(name)") != nil || Directories.kind("/proc/sys/net/ipv4/conf/\(name)") != nil else {
            return
        }
        try? IPCommand.run(["link del \(name)"], "removing the interface \(name)")
    }
}

/// ip(8) of iproute2.
enum IPCommand {
    static func check() throws(Failure) { _ = try Programs.found("ip", package: "iproute2") }

    /// Runs the lines as one batch, in the network namespace of a process if it is not to be the caller's.
    static func run(_ lines: [String], _ stage: String, in pidfd: CInt? = nil) throws(Failure) {
        let path = try Programs.found("ip", package: "iproute2")
        let input = try attempt("making a pipe") { () throws(Errno) in try Processes.pipe() }
        let output = try attempt("making a pipe") { () throws(Errno) in try Processes.pipe() }
        let answers = OwnedFD(taking: output.reading)
        let commands = OwnedFD(taking: input.writing)
        let child = try attempt(stage, path) { () throws(Errno) in
            let program = try Files.open(path, flags: O_RDONLY)
            return try Processes.fork {
                if let pidfd, (try? Namespaces.enter(pidfd, .network)) == nil { return 1 }
                for (from, to) in [(input.reading, 0), (output.writing, 1), (output.writing, 2)] where dup2(from, CInt(to)) < 0 { return 1 }
                Processes.closeOnExecute(from: 3)
                Processes.unblockSignals()
                _ = Processes.execute(program, ["ip", "-batch", "-"], environment: ["PATH=" + Programs.path])
                return 1
            }.pid
        }
        _ = close(input.reading)
        _ = close(output.writing)
        try attempt(stage) { () throws(Errno) in try Files.write(Array((lines.joined(separator: "\n") + "\n").utf8), to: commands) }
        _ = consume commands
        let said = String(decoding: (try? Files.read(answers)) ?? [], as: UTF8.self)
        let status = try attempt(stage) { () throws(Errno) in try Processes.wait(child).status }
        if status != 0 { throw Failure("\(stage): \(path): \(said.split(separator: "\n").first ?? "status \(status)")") }
    }
}
