import Linux
import Tree

extension Suite {
    static let sysTree = Suite(
        name: "sys",
        checks: [
            Check("CPU lists are the same everywhere") { context in
                for list in ["0", "1", "0-1"] {
                    let text = try await context.inside(
                        """
                        cd /sys/devices/system
                        cat cpu/online cpu/present; cat node/node*/cpulist
                        for d in cpu node/node* /sys/bus/cpu/devices; do (cd $d; ls -d cpu[0-9]* | sed s/cpu// | paste -sd, | sed s/0,1/0-1/); done
                        """, options: ["--cpuset", list])
                    let lines = text.split(separator: "\n").map(String.init)
                    try expect(lines.count >= 6 && lines.allSatisfy { $0 == list }, "\(list) on every line", got: text)
                }
            },
            Check("the memory of the NUMA nodes is MemTotal") { context in
                let text = try await context.inside(
                    "sed -n 's/.*MemTotal: *\\([0-9]*\\).*/\\1/p' /sys/devices/system/node/node*/meminfo; sed -n 's/MemTotal: *\\([0-9]*\\).*/\\1/p' /proc/meminfo"
                )
                let numbers = text.split(separator: "\n").compactMap { Int($0) }
                try expect(numbers.count >= 2 && numbers.dropLast().reduce(0, +) == numbers.last, "a sum", got: text)
            },
            Check("symlinks lead to what is there, relative as sysfs has them") { context in
                let text = try await context.inside(
                    "find /sys -path /sys/fs/cgroup -prune -o -type l -print | while read f; do [ -e $f ] || echo broken $f; case $(readlink $f) in /*) echo absolute $f;; esac; done; readlink /sys/class/net/lo /sys/devices/system/cpu/cpu0/node0; stat -c '%F %s %A' /sys/devices/system/cpu/cpu0/node0"
                )
                try expect(
                    "what is wrong, then lo, node0 and its attributes", text,
                    is: "../../devices/virtual/net/lo\n../../node/node0\nsymbolic link 0 lrwxrwxrwx\n")
            },
            // But for devices/virtual/net, of which the kernel counts every namespace's: docs/design/sys.md.
            Check("directories have two links and one for each directory in them") { context in
                let text = try await context.inside(
                    """
                    find /sys -path /sys/fs/cgroup -prune -o -type d ! -path /sys/devices/virtual/net -print | while read d; do
                        n=$(stat -c %h $d); set -- $d/*/; m=2
                        for s; do [ -d "$s" ] && [ ! -L "${s%/}" ] && m=$((m + 1)); done
                        [ $n = $m ] || echo $d has $n links, not $m
                    done
                    """)
                try expect("wrong counts", text, is: "")
            },
            Check("types of readdir are those of stat") { context in
                let text = try await context.inside(
                    "find /sys -path /sys/fs/cgroup -prune -o -printf '%y %p\\n' | while read t f; do case $(stat -c %F $f) in dir*) w=d;; sym*) w=l;; *) w=f;; esac; [ $t = $w ] || echo $f $t; done"
                )
                try expect("other types", text, is: "")
            },
            Check("caches are the node's, cut to the visible CPUs") { context in
                let cache = "/sys/devices/system/cpu/cpu1/cache"
                let script = "cd \(cache) && for d in index*; do (cd $d; echo $d $(cat level type size number_of_sets)); done"
                guard Files.isDirectory(cache) else { return }
                let text = try await context.inside("\(script); cat index*/shared_cpu_list", options: ["--cpuset", "1"])
                let node = try await command(["sh", "-c", script], in: context).succeeded().output
                let count = node.split(separator: "\n").count
                try expect("caches", text, is: node + String(repeating: "1\n", count: count))
            },
            Check("the network's directories are those of the own namespace") { context in
                let text = try await context.inside(
                    """
                    ls /sys/class/net /sys/devices/virtual/net; cat /sys/class/net/lo/mtu /sys/class/net/lo/ifindex
                    ip link add conf0 type dummy 2>/dev/null || exit 0
                    readlink /sys/class/net/conf0; ip link set conf0 mtu 1400; cat /sys/class/net/conf0/mtu; echo 1300 >/sys/class/net/conf0/mtu
                    cat /sys/class/net/conf0/mtu
                    """)
                let first = "/sys/class/net:\nlo\n\n/sys/devices/virtual/net:\nlo\n65536\n1\n"
                try expect(
                    text == first || text == first + "../../devices/virtual/net/conf0\n1400\n1300\n", "lo, and an interface of its own",
                    got: text)
            },
            Check("what can be written in /sys belongs to the own network") { context in
                let text = try await context.inside(
                    "find /sys -path /sys/fs/cgroup -prune -o -type f -print | while read f; do [ -w $f ] && echo $f; done; true")
                let other = text.split(separator: "\n").filter { !$0.hasPrefix("/sys/devices/virtual/net/") }
                try expect("others", other, is: [])
                let errors = try await context.inside(
                    """
                    exec 2>/dev/null
                    mkdir /sys/x && echo mkdir; (echo 1 >/sys/devices/system/cpu/cpu0/x) && echo created; rmdir /sys/power && echo rmdir
                    (echo 0 >/sys/kernel/mm/ksm/run) && echo written; ln -s a /sys/b && echo linked; mkdir /sys/devices/system/node/x && echo live
                    true
                    """
                )
                try expect("made", errors, is: "")
            },
            Check("handles lead to nothing outside the own network") { context in
                // struct file_handle of a kernfs node: its number, which counts up from 1.
                let script = """
                    perl -e 'open(D, "<", "/sys/class/net") or die; my $n = 0;
                    for my $id (1..40000) { my $h = pack("LlQ", 8, 0xfe, $id); my $fd = syscall(\(openByHandle), fileno(D), $h, 0200000);
                    next if $fd < 0; $n++; my $p = readlink("/proc/self/fd/$fd"); print "$p\\n" if $p !~ m,/net(/|$),; syscall(3, $fd); } print "LOOKED\\n"'
                    """
                try expect("found", try await context.inside(script), is: "LOOKED\n")
            },
            Check("the product's UUID is the vNode's and root's to read") { context in
                let script = "cat /sys/class/dmi/id/product_uuid; stat -c '%a %u' /sys/class/dmi/id/product_uuid; ls /sys/class/dmi/id"
                let first = try await context.inside(script).split(separator: "\n")
                let second = try await context.inside(script).split(separator: "\n")
                try expect(
                    first.count == 3 && first[1] == "400 0" && first[2] == "product_uuid" && first[0].count == 36, "a UUID, 400 0, alone",
                    got: "\(first)")
                try expect(first[0] != second.first, "another UUID in another vNode", got: "\(second)")
                let node = (try? Files.text("/sys/class/dmi/id/product_uuid")).map(trim)
                try expect(node != String(first[0]), "not the node's", got: "\(first)")
                let other = try await context.run(["setpriv", "--reuid=1000", "--clear-groups", "cat", "/sys/class/dmi/id/product_uuid"])
                try expect(other.status != 0 && other.error.contains("ermission denied"), "EACCES for others", got: other.summary)
            },
            quietly("lsblk", "lsblk"), quietly("lsblk -a", "lsblk"), quietly("lscpu -C", "lscpu"), quietly("lsmem -a", "lsmem"),
            quietly("numactl -H", "numactl"), quietly("numastat", "numastat"), quietly("numastat -m", "numastat"),
            quietly("lstopo-no-graphics", "lstopo-no-graphics"), quietly("iostat", "iostat"), quietly("lspci", "lspci"),
        ])

    #if arch(x86_64)
        private static let openByHandle = 304
    #else
        private static let openByHandle = 265
    #endif

    /// Where the program is there: status 0, and no word that it does not say on the node.
    private static func quietly(_ line: String, _ program: String) -> Check {
        Check("\(line) has nothing to complain of") { context in
            let script = "command -v \(program) >/dev/null || exit 0; \(line)"
            let native = try await command(["sh", "-c", script], in: context)
            let outcome = try await context.run(["sh", "-c", script])
            try expect(
                outcome.status == 0 && (outcome.error.isEmpty || outcome.error == native.error), "status 0 and no error",
                got: outcome.summary
            )
        }
    }
}
