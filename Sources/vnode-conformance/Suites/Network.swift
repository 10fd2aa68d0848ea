import Glibc
import Linux

extension Suite {
    static let network = Suite(
        name: "network",
        checks: [
            Check("by default containers share the vNode's network, which is a loopback interface") { context in
                try await context.kept("\(conf)-net") {
                    let text = try await context.launcher(["exec", "\(conf)-net", "--", "sh", "-c", look]).succeeded().lines
                    try expect(text.count == 4 && text[0] == text[1], "the network namespace of PID 1", got: "\(text)")
                    try expect("interfaces", text[2], is: "lo")
                    try expect(text[3].contains("LOOPBACK,UP"), "a loopback that is up", got: text[3])
                }
            },
            Check("--net none: one of the container's own, which it may configure") { context in
                try await context.kept("\(conf)-none", options: ["--net", "none"]) {
                    let script = look + "; ip addr add 10.1.2.3/8 dev lo && ip -o -4 addr show dev lo | grep -c 10.1.2.3"
                    let words = ["exec", "\(conf)-none", "--", "sh", "-c", script]
                    let first = try await context.launcher(words).succeeded().lines
                    let second = try await context.launcher(words).succeeded().lines
                    for text in [first, second] {
                        try expect(text.count == 5 && text[0] != text[1], "another network namespace than PID 1's", got: "\(text)")
                        try expect("interfaces", text[2], is: "lo")
                        try expect(text[3].contains("LOOPBACK,UP") && text[4] == "1", "a loopback that is up", got: "\(text)")
                    }
                    try expect(first[1] == second[1], "the vNode's own network namespace twice", got: "\(first) \(second)")
                }
            },
            Check("--net veth: a pair with an address on each side, gone with the vNode") { context in
                let name = "\(conf)-veth"
                var node = ""
                try await context.kept(name, options: ["--net", "veth"]) {
                    let script = look + "; ip -o -4 addr show dev eth0; ip route"
                    let text = try await context.launcher(["exec", name, "--", "sh", "-c", script]).succeeded().lines
                    try expect(
                        text.count >= 7 && text[0] == text[1] && text[2] == "eth0 lo", "the vNode's network with eth0", got: "\(text)")
                    let base = try context.vnodeNumber(of: try await context.launcher(["inspect", name]).succeeded().output)
                    node = "vnode\(base)"
                    try expect(Files.exists("/sys/class/net/\(node)"), "\(node) on the node", got: "\(Files.names("/sys/class/net"))")
                    let inside = "198.\(18 + (2 * base + 1) / 65536).\((2 * base + 1) / 256 % 256).\((2 * base + 1) % 256)"
                    try expect(text.contains { $0.contains(inside + "/31") }, inside, got: "\(text)")
                    // Refused by who is there: packets go and come back.
                    let reached = try await command(["bash", "-c", "exec 3<>/dev/tcp/\(inside)/9"], in: context)
                    try expect(reached.error.contains("refused"), "a refused connection", got: reached.summary)
                }
                try expect(!Files.exists("/sys/class/net/\(node)"), "no \(node)", got: "\(Files.names("/sys/class/net"))")
            },
            Check("--net veth: the node's end believes no router, no redirect and no foreign source address") { context in
                let name = "\(conf)-quiet"
                try await context.kept(name, options: ["--net", "veth"]) {
                    let base = try context.vnodeNumber(of: try await context.launcher(["inspect", name]).succeeded().output)
                    let ofIPv4 = [("accept_redirects", "0"), ("send_redirects", "0"), ("rp_filter", "1")].map { ("ipv4", $0.0, $0.1) }
                    let ofIPv6 = ["accept_ra", "accept_redirects", "autoconf"].map { ("ipv6", $0, "0") }
                    let hasIPv6 = Files.exists("/proc/sys/net/ipv6/conf/vnode\(base)")
                    for (version, key, value) in ofIPv4 + (hasIPv6 ? ofIPv6 : []) {
                        let path = "/proc/sys/net/\(version)/conf/vnode\(base)/\(key)"
                        try expect(path, trim(try Files.text(path)), is: value)
                    }
                    // The vNode's end has one, so the link is up on both.
                    let addresses = try await command(["ip", "-6", "-o", "addr", "show", "dev", "vnode\(base)"], in: context)
                    try expect("IPv6 addresses of the node's end", addresses.text, is: "")
                }
            },
            Check("--net veth leaves nothing when the launcher is killed") { context in
                let words = [
                    context.program("vnode"), "run", "--name", "\(conf)-vk", "--net", "veth", "--", "sh", "-c", "echo up; exec sleep 600",
                ]
                _ = try await withProgram(words, in: context) { program in
                    try await program.says("up\n")
                    let base = try context.vnodeNumber(of: try await context.launcher(["inspect", "\(conf)-vk"]).succeeded().output)
                    try expect(Files.exists("/sys/class/net/vnode\(base)"), "vnode\(base)", got: "\(Files.names("/sys/class/net"))")
                    program.signal(SIGKILL)
                    try await program.ended()
                    _ = try await context.launcher(["list"]).succeeded()
                    try expect(!Files.exists("/sys/class/net/vnode\(base)"), "no vnode\(base)", got: "\(Files.names("/sys/class/net"))")
                }
            },
            Check("--net ns:PATH joins what somebody prepared, vnode exec too") { context in
                let file = context.path("ns")
                try Files.put("", at: file)
                let make =
                    "unshare --net=\(file) sh -c 'ip link add prepared type veth peer name other; ip addr add 192.0.2.1/24 dev prepared; ip link set prepared up'"
                _ = try await command(["sh", "-c", make], in: context).succeeded()
                defer { _ = unsafe umount2(file, CInt(MNT_DETACH)) }
                let identity = try Files.status(file).st_ino
                try await context.kept("\(conf)-ns", options: ["--net", "ns:\(file)"]) {
                    let script =
                        look + "; cat /proc/sys/net/ipv4/ip_forward; cat /proc/net/softnet_stat 2>&1; ip -o -4 addr show dev prepared"
                    let text = try await context.launcher(["exec", "\(conf)-ns", "--", "sh", "-c", script]).succeeded().lines
                    try expect(text.count == 7, "seven lines", got: "\(text)")
                    try expect("namespace", text[0], is: "net:[\(identity)]")
                    try expect(text[1] != text[0], "another one for PID 1", got: text[1])
                    try expect("interfaces", text[2], is: "lo other prepared")
                    try expect(text[3].contains("LOOPBACK,UP"), "a loopback that is up", got: text[3])
                    try expect("ip_forward", text[4], is: "0")
                    try expect(text[5].contains("ermission denied"), "EACCES for the node's counters", got: text[5])
                    try expect(text[6].contains("192.0.2.1/24"), "its address", got: text[6])
                    let writes = """
                        cd /proc/sys/net/ipv4; for f in ip_forward ip_unprivileged_port_start conf/all/rp_filter; do echo 1 >$f; cat $f; done
                        echo 0 5 >ping_group_range; cat ping_group_range; (echo x | dd of=ip_forward status=none) 2>&1; (echo 1 >conf/prepared/forwarding) 2>&1
                        unshare --net sh -c 'cat /proc/sys/net/ipv4/ip_unprivileged_port_start; echo 7 >/proc/sys/net/ipv4/ip_unprivileged_port_start'
                        """
                    let wrote = try await context.launcher(["exec", "\(conf)-ns", "--", "sh", "-c", writes]).succeeded().lines
                    try expect(
                        wrote.count == 7 && wrote.prefix(4) == ["1", "1", "1", "0\t5"] && wrote[4].contains("nvalid argument")
                            && wrote[5].contains("ermission denied") && wrote[6] == "1024", "three values, EINVAL, EACCES, another's value",
                        got: "\(wrote)")
                    let outside =
                        "nsenter --net=\(file) cat /proc/sys/net/ipv4/ip_unprivileged_port_start; cat /proc/sys/net/ipv4/ip_unprivileged_port_start"
                    try expect("in it, on the node", try await command(["sh", "-c", outside], in: context).output, is: "1\n1024\n")
                }
                try await context.run(["true"], options: ["--net", "ns:/no/such"]).refused(status: 125, naming: ["ns:/no/such: ENOENT"])
                try await context.run(["true"], options: ["--net", "ns:/etc/passwd"]).refused(
                    status: 125, naming: ["/etc/passwd", "not a network namespace"])
                try await context.run(["true"], options: ["--net", "ns:/proc/self/ns/uts"]).refused(
                    status: 125, naming: ["not a network namespace"])
                try await context.run(["true"], options: ["--net", "ns:/proc/self/ns/net"]).refused(status: 125, naming: ["the node's own"])
                // Out of the caller's own too: by somebody who is in another one.
                let elsewhere = ["unshare", "--net", context.program("vnode"), "run", "--net", "ns:/proc/1/ns/net", "--", "true"]
                // Where the first process has more capabilities than root, its namespaces are nobody's to open.
                let isOpen = (try? Files.open("/proc/1/ns/net", flags: O_RDONLY)) != nil
                try await command(elsewhere, in: context).refused(status: 125, naming: [isOpen ? "the node's own" : "EACCES"])
                try await context.run(["true"], options: ["--net", "host"]).refused(naming: ["'host'", "--net", "host-of-vnode"])
            },
        ])

    /// Network namespaces of the shell and of PID 1, interfaces, the loopback's flags.
    private static let look = "readlink /proc/self/ns/net /proc/1/ns/net; echo $(ls /sys/class/net); ip -o link show lo"
}

extension Context {
    /// Which of the ranges of ids a vNode has.
    fileprivate func vnodeNumber(of inspected: String) throws -> Int {
        let line = inspected.split(separator: "\n").first { $0.contains("\"uidBase\"") } ?? ""
        return try unwrap(Int(line.filter(\.isNumber)), "a uidBase", got: inspected) / 65536
    }
}
