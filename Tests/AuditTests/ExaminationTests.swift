import Audit
import Testing

/// The five questions, one at a time.
@Suite struct ExaminationTests {
    @Test func theSameContentIsFound() {
        let audit = Case()
        audit.both("/proc/unheard_of", "00000000-00000fff : Reserved\n")
        let result = audit.result()
        #expect(result.findings.map(\.kind) == [.equal, .undecided])
        #expect(result.findings.first?.evidence == "00000000-00000fff : Reserved")
    }

    @Test(arguments: ["", "0\n", "1\n", "-1\n", "0 0 0\n", "00000000,00000000\n", "N\n"])
    func whatMostFilesHoldIsNoEvidence(_ text: String) {
        let audit = Case()
        audit.both("/proc/loadavg", text)
        let result = audit.result()
        #expect(result.count(.equal) == 0)
        #expect(result.constants == 1)
    }

    /// Counters of a cgroup or a network namespace that have counted nothing, and loggers of nobody.
    @Test func whatHasCountedNothingIsNoEvidence() {
        let audit = Case()
        let idle = "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
        audit.both("/sys/fs/cgroup/memory.pressure", idle)
        audit.both("/proc/self/net/netfilter/nf_log", " 0 NONE ()\n 1 NONE ()\n 2 NONE ()\n")
        audit.both("/proc/self/net/dev_snmp6/lo", "ifIndex                         \t1\nIp6InReceives                   \t0\n")
        #expect(audit.result().count(.equal) == 0)
        let busy = Case()
        busy.both("/proc/self/net/dev_snmp6/lo", "ifIndex                         \t1\nIp6InReceives                   \t9\n")
        busy.both("/sys/fs/cgroup/memory.pressure", idle.replacing("total=0", with: "total=7"))
        busy.both("/proc/self/net/netfilter/nf_log", " 0 NONE ()\n 1 NONE ()\n 2 nf_log_syslog (nf_log_syslog)\n")
        busy.both("/proc/self/net/dev_snmp6/eth0", "ifIndex                         \t1\nIp6InReceives                   \t0\n")
        #expect(busy.result().count(.equal) == 4)
    }

    /// Content the table gives on every node, whoever gives it here.
    @Test func constantsOfTheTableAreNoEvidence() {
        let audit = Case()
        audit.both("/proc/sys/fs/nr_open", "1048576\n")
        #expect(audit.result().findings.isEmpty)
        let tuned = Case()
        tuned.both("/proc/sys/fs/nr_open", "1073741816\n")
        #expect(tuned.result().findings.map(\.kind) == [.equal])
    }

    @Test func defaultsOfANetworkNamespaceAreNoEvidence() {
        let audit = Case()
        audit.both("/proc/sys/net/ipv4/tcp_keepalive_time", "7200\n")
        audit.both("/proc/sys/net/ipv6/neigh/eth0/retrans_time_ms", "1000\n")
        audit.both("/proc/sys/net/ipv4/tcp_wmem", "4096\t16384\t4194304\n")
        #expect(audit.result().findings.isEmpty)
        let tuned = Case()
        tuned.both("/proc/sys/net/ipv4/tcp_keepalive_time", "7201\n")
        tuned.both("/proc/sys/net/ipv4/tcp_max_tw_buckets", "131072\n")
        #expect(tuned.result().findings.map(\.path) == ["/proc/sys/net/ipv4/tcp_keepalive_time", "/proc/sys/net/ipv4/tcp_max_tw_buckets"])
    }

    /// A network namespace shows the size of a table it shares as a negative number.
    @Test func aSignHidesNothing() {
        let audit = Case()
        audit.inside.add("/proc/sys/net/ipv4/tcp_ehash_entries", "-262144\n")
        audit.node.add("/proc/sys/net/ipv4/tcp_ehash_entries", "262144\n")
        #expect(audit.result().findings.map(\.kind) == [.equal])
    }

    @Test func whatIsBuiltInIsAnException() {
        var subject = Subject()
        subject.build = [
            "CONFIG_DEFAULT_TCP_CONG": "\"bbr\"", "CONFIG_TCP_CONG_BBR": "y", "CONFIG_TCP_CONG_CUBIC": "y", "CONFIG_TCP_CONG_HTCP": "m",
        ]
        let audit = Case()
        audit.both("/proc/sys/net/ipv4/tcp_congestion_control", "bbr\n")
        audit.both("/proc/sys/net/ipv4/tcp_available_congestion_control", "reno bbr cubic\n")
        #expect(audit.result(subject).exceptions.map(\.exception) == ["kernel build", "kernel build"])
        #expect(audit.result().findings.count == 2)
        let tuned = Case()
        tuned.both("/proc/sys/net/ipv4/tcp_congestion_control", "htcp\n")
        #expect(tuned.result(subject).findings.count == 1)
    }

    @Test func whatUnameTellsIsAnException() {
        let subject = Subject(kernel: Subject.KernelNames(release: "6.12.1-amd64", version: "#1 SMP Debian 6.12.1-1"))
        let audit = Case()
        audit.both("/proc/sys/kernel/osrelease", "6.12.1-amd64\n")
        audit.both("/proc/version", "Linux version 6.12.1-amd64 (build@host) #1 SMP Debian 6.12.1-1\n")
        let result = audit.result(subject)
        #expect(result.exceptions.map(\.exception) == ["kernel release"])
        // It also says who built it.
        #expect(result.findings.map(\.path) == ["/proc/version"])
    }

    @Test func cpusAreAnExceptionOnlyWhereTheProcessMayRun() {
        let path = "/sys/devices/system/cpu/online"
        let audit = Case()
        audit.both(path, "0-3\n")
        #expect(audit.result(Subject(allowedCPUs: "0-3")).findings.isEmpty)
        #expect(audit.result(Subject(allowedCPUs: "0-1")).findings.map(\.path) == [path])
        let mask = Case()
        mask.both("/sys/devices/system/node/node0/cpumap", "00000000,0000000f\n")
        #expect(mask.result(Subject(allowedCPUs: "0-3")).count(.equal) == 0)
        #expect(mask.result(Subject(allowedCPUs: "0-2")).count(.equal) == 1)
    }

    @Test func controllersOfACgroupAreAnException() {
        let audit = Case()
        for name in ["cgroup.controllers", "cgroup.subtree_control", "cgroup.stat"] {
            let text = name == "cgroup.stat" ? "nr_descendants 71\n" : "cpuset cpu io memory\n"
            for tree in [audit.inside, audit.node] { tree.add("/sys/fs/cgroup/" + name, text, answerer: .cgroup) }
        }
        let result = audit.result()
        #expect(result.exceptions.map(\.exception) == ["cgroup controllers", "cgroup controllers"])
        #expect(result.findings.map(\.path) == ["/sys/fs/cgroup/cgroup.stat"])
    }

    @Test func identifiersAreFoundAnywhere() {
        let audit = Case()
        audit.inside.add("/proc/meminfo", "MemTotal: 1 kB\nBoot: 570F6B0F-0028-4149-8e01-05eff936619a\n")
        audit.inside.link("/sys/class/net/eth0", to: "../../devices/pci0000:00/02:fc:00:00:00:01/net/eth0")
        audit.inside.add("/proc/self/mountinfo", "30 1 8:1 /data/pods/web /x rw - ext4 /dev/sda1 rw\n")
        audit.inside.add("/proc/loadavg", "xdata/pods/web /data/pods/website\n")
        let identifiers = [
            Identifier(name: "boot id", value: "570f6b0f-0028-4149-8e01-05eff936619a"),
            Identifier(name: "address of eth0", value: "02:fc:00:00:00:01"), Identifier(name: "mount of the node", value: "/data/pods/web"),
        ]
        let found = audit.result(Subject(), identifiers).findings.filter { $0.kind == .identifier }
        #expect(found.map(\.path) == ["/proc/meminfo", "/proc/self/mountinfo", "/sys/class/net/eth0"])
    }

    /// A name of two letters is in many words.
    @Test func shortNamesMustBeAWholeLine() {
        let audit = Case()
        audit.inside.add("/proc/meminfo", "vm one\nvm.two\n")
        audit.inside.add("/proc/version", "vm\n")
        #expect(audit.result(Subject(), [Identifier(name: "hostname", value: "vm")]).findings.map(\.path) == ["/proc/version"])
    }

    @Test func pidsOfTheNodeAreFoundWherePidsAre() {
        let audit = Case()
        audit.inside.add("/sys/fs/cgroup/cgroup.procs", "31234\n", answerer: .cgroup)
        audit.inside.add("/proc/self/status", "Pid:\t5\nVmRSS: 31234 kB\n")
        audit.inside.add("/proc/meminfo", "MemFree: 31234 kB\n")
        #expect(audit.result(Subject(pids: [31234])).findings.map(\.path) == ["/sys/fs/cgroup/cgroup.procs"])
    }

    @Test func theNodesUptimeIsFound() {
        let audit = Case()
        audit.inside.add("/proc/self/timens_offsets", "monotonic     -86400    500000000\nboottime      -86400    500000000\n")
        audit.inside.add("/proc/self/sched", "sh (5, #threads: 1)\nse.exec_start    :      86403000.123456\n")
        audit.inside.add("/proc/uptime", "4.00 4.00\n")
        let clocks = Subject.Clocks(nodeBoot: 86_404_000_000_000, insideBoot: 4_000_000_000)
        // Nothing can be done about these, and it is said by name.
        let result = audit.result(Subject(clocks: clocks))
        #expect(result.findings.isEmpty)
        #expect(result.exceptions.map(\.exception) == ["process clocks", "process clocks"])
        let other = Case()
        other.inside.add("/proc/timer_list", "now at 86403000123456 nsecs\n")
        #expect(other.result(Subject(clocks: clocks)).exceptions.isEmpty)
        let zero = Case()
        zero.inside.add("/proc/self/timens_offsets", "monotonic          0         0\nboottime           0         0\n")
        #expect(zero.result(Subject(clocks: clocks)).findings.isEmpty)
    }

    /// 80200001 are flags, however long the node has been up.
    @Test func hexadecimalDigitsAreNoUptime() {
        let clocks = Subject.Clocks(nodeBoot: 80_200_500_000, insideBoot: 4_000_000_000)
        let audit = Case()
        audit.inside.add("/proc/self/net/ipv6_route", "00000000000000000000000000000001 80 00000000 00000002 80200001       lo\n")
        #expect(audit.result(Subject(clocks: clocks)).findings.isEmpty)
        let other = Case()
        other.inside.add("/proc/timer_list", "now at 80200001000 nsecs\n")
        #expect(other.result(Subject(clocks: clocks)).count(.identifier) == 1)
    }

    /// 25 s after the node's start.
    @Test func whatEveryMachineSaysIsNoUptime() {
        let clocks = Subject.Clocks(nodeBoot: 25_000_100_000, insideBoot: 4_000_000_000)
        let audit = Case()
        audit.inside.add("/proc/sys/kernel/keys/root_maxbytes", "25000000\n")
        #expect(audit.result(Subject(clocks: clocks)).findings.isEmpty)
        let other = Case()
        other.inside.add("/proc/sys/kernel/keys/root_maxbytes", "25000001\n")
        #expect(other.result(Subject(clocks: clocks)).count(.identifier) == 1)
    }

    @Test func writesAreJudgedByWhatTheyReach() {
        let audit = Case()
        for path in [
            "/proc/sys/net/ipv4/ip_forward", "/proc/sys/kernel/shmmax", "/proc/sys/kernel/hostname", "/proc/sys/kernel/core_pattern",
        ] {
            audit.inside.add(path, "1\n", mode: 0o644, isWritable: true)
        }
        audit.inside.add("/proc/sys/vm/swappiness", "1\n", answerer: .fuse, mode: 0o644, isWritable: true)
        audit.inside.add("/sys/fs/cgroup/memory.max", "1\n", answerer: .cgroup, mode: 0o644, isWritable: true)
        let result = audit.result()
        #expect(result.findings.filter { $0.kind == .writable }.map(\.path) == ["/proc/sys/kernel/core_pattern"])
        #expect(result.writable == ["namespaced": 3, "node-wide": 1, "emulated": 1, "own cgroup": 1])
        let shared = audit.result(Subject(shared: ["net", "uts"])).findings.filter { $0.kind == .writable }.map(\.path)
        #expect(shared == ["/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname", "/proc/sys/net/ipv4/ip_forward"])
    }

    @Test func whatNoRowDecidedIsFound() {
        let audit = Case()
        audit.inside.add("/proc/newfile", "x\n")
        audit.inside.add("/proc/closed", "EACCES")
        audit.inside.add("/sys/kernel/newfile", "x\n")
        audit.inside.add("/proc/sys/net/ipv4/anything", "x\n")
        audit.inside.put("/sys/kernel/debug", .directory, .debug)
        audit.inside.add("/sys/kernel/debug/secret", "x\n", answerer: .debug)
        #expect(audit.result().findings.map(\.path) == ["/proc/newfile", "/sys/kernel/debug", "/sys/kernel/newfile"])
        // Some of its files lose what is read.
        #expect(!audit.inside.readPaths.contains("/sys/kernel/debug/secret"))
    }

    @Test func messagesAndMemoryAreNotRead() {
        let audit = Case()
        for path in [
            "/proc/kmsg", "/sys/class/zram-control/hot_add", "/proc/kcore", "/proc/self/mem", "/sys/devices/pci0000:00/resource0",
            "/sys/devices/pci0000:00/rom",
        ] {
            audit.inside.add(path, "x")
        }
        let result = audit.result()
        #expect(audit.inside.readPaths.isEmpty)
        #expect(result.findings.contains { $0.path == "/proc/kmsg" && $0.evidence.contains("not read") })
    }

    @Test func onlyWhatCanBeReadInsideIsReadOnTheNode() {
        let audit = Case()
        audit.inside.add("/proc/kallsyms", "EACCES")
        audit.node.add("/proc/kallsyms", "secret\n")
        audit.node.add("/proc/other", "secret\n")
        _ = audit.result()
        #expect(audit.node.readPaths.isEmpty)
    }

    @Test func pairsAreAskedOnlyWhetherTheyTellOfEachOther() {
        let audit = Case()
        audit.both("/proc/uptime", "12345.67 23456.78\n")
        audit.both("/proc/loadavg", "0.00 0.00 0.00 1/1 8\n")
        audit.inside.add("/proc/newfile", "x\n", mode: 0o644, isWritable: true)
        // At rest two containers have the same load on any two nodes.
        let result = audit.result { path, _ in path == "/proc/uptime" }
        #expect(result.findings.map(\.path) == ["/proc/uptime"])
        #expect(result.findings.map(\.kind) == [.equal])
    }

    @Test func controlCharactersDoNotReachTheTerminal() {
        let audit = Case()
        audit.both("/proc/evil", "\u{1b}[2Jgone\u{7f}\n")
        let report = AuditReport(subject: "a", against: "b", result: audit.result()).text()
        #expect(report.utf8.allSatisfy { $0 == 0x0a || (0x20...0x7e).contains($0) })
        #expect(report.contains("\\x1b[2Jgone\\x7f"))
    }
}
