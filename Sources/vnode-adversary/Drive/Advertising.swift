import Glibc
import Linux
import SystemPackage

/// Root of a vNode with an interface whose other end is the node's.
extension Stage {
    /// What the node would have believed a router of: routes and addresses.
    func advertising() throws {
        let row = { (finding: Finding) in Row("launcher", "router advertisements on the node's end of --net veth", finding, .launcher) }
        guard Directories.kind("/proc/sys/net/ipv6/conf/all") != nil else { return report.add(row(.unavailable("no IPv6 on the node"))) }
        let name = names + "-veth"
        do { try run([programs.vnode, "run", "--name", name, "--net", "veth", "--keep", "--", "true"]) } catch {
            return report.add(row(.unavailable("\(error)")))
        }
        defer { try? run([programs.vnode, "stop", "--timeout", "1", name]) }
        let job = try Job([programs.vnode, "exec", name, "--", "sh", "-c", Stage.receive("act router eth0")], errors: errors)
        job.send(file: programs.own)
        job.closeInput()
        let said = job.lines(seconds: 60)
        job.end()
        guard let count = said.compactMap({ $0.hasPrefix("advertised ") ? Int($0.dropFirst(11)) : nil }).first, count > 0 else {
            return report.add(row(.unavailable("none was sent: \(said.joined(separator: " "))")))
        }
        let routes = (Scene.text("/proc/net/ipv6_route") ?? "").split(separator: "\n")
        let addresses = (Scene.text("/proc/net/if_inet6") ?? "").split(separator: "\n")
        let believed = (routes + addresses).filter { line in
            let isDefault = line.hasPrefix(String(repeating: "0", count: 32) + " 00 ") && line.contains(" vnode")
            return line.hasPrefix(Router.prefixText) || isDefault
        }
        report.add(row(believed.first.map { .breached("the node has \($0)") } ?? .contained("\(count) sent, none believed")))
    }
}
