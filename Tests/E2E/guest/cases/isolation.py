"""What a vNode is for: who sees whom, and what nobody may."""
import concurrent.futures, os, re
from pods import install
from pods.checks import case
from pods.node import run
from pods.pod import Pod, failure

SYSCALL = "$r = syscall({}); printf '%d %d', $r, $!+0"


def uptime(container):
    return float(container.sh("cat /proc/uptime").split()[0])


def first_id(container):
    return int(container.sh("cat /proc/self/uid_map").split()[1])


def boot(container):
    """What tells one start of a machine from another."""
    return container.sh("cat /proc/sys/kernel/random/boot_id; awk '/^btime/ {print $2}' /proc/stat").split()


def sees(container, mark):
    """Processes `sleep MARK` that it sees."""
    return container.sh(f"ps -o args | grep -c '^sleep {mark}$'")


@case("one vNode a namespace", only="per-namespace")
def by_namespace(t, node):
    a1 = Pod(node, "a1", "a").run(["sleep", "1001"])
    a2 = Pod(node, "a2", "a").run(["sleep", "1002"])
    b1 = Pod(node, "b1", "b").run(["sleep", "2001"])
    t.equal("A1 sees A2's processes", "1", sees(a1, 1002))
    t.equal("and A2 sees A1's", "1", sees(a2, 1001))
    t.equal("/proc/uptime is read by busybox, which uses sendfile", "2", a1.sh("cat /proc/uptime | wc -w"))
    t.equal("B1 sees neither", "00", sees(b1, 1001) + sees(b1, 1002))
    t.equal("nor does A1 see B1's", "0", sees(a1, 2001))
    one, two = uptime(a1), uptime(a2)
    t.true("A1 and A2 are up for as long", abs(one - two) < 5, (one, two))
    t.equal("A1 and A2 have started as one", boot(a1), boot(a2))
    t.true("B1 has started by itself", boot(a1)[0] != boot(b1)[0], boot(b1))
    t.true("A1's uptime is not the node's", float(open("/proc/uptime").read().split()[0]) - one > 20, one)
    t.equal("A1 and A2 have the same ids", first_id(a1), first_id(a2))
    t.true("B1 has others", abs(first_id(a1) - first_id(b1)) >= 65536, (first_id(a1), first_id(b1)))
    owners_are_ranges(t, [a1, a2, b1])
    t.equal("there are two vNodes", 2, len(node.vnodes()))


@case("one vNode a pod", only="per-pod")
def by_pod(t, node):
    pods = [Pod(node, name, "a") for name in ["a1", "a2"]] + [Pod(node, "b1", "b")]
    containers = [pod.run(["sleep", str(1001 + number)]) for number, pod in enumerate(pods)]
    for number, container in enumerate(containers):
        others = [str(1001 + other) for other in range(3) if other != number]
        t.equal(f"{pods[number].name} sees no other pod", "00", "".join(sees(container, mark) for mark in others))
    firsts = sorted(first_id(container) for container in containers)
    t.true("nobody shares an id", all(b - a >= 65536 for a, b in zip(firsts, firsts[1:])), firsts)
    owners_are_ranges(t, containers)
    second = pods[0].run(["sleep", "1009"], name="second")
    t.equal("a pod's containers are in one vNode", "1", sees(containers[0], 1009))
    t.equal("there are three vNodes", 3, len(node.vnodes()))


def owners_are_ranges(t, containers):
    for container in containers:
        owner = int(run("ps", "-o", "uid=", "-p", str(container.task_pid())))
        t.equal(f"{container.pod.name}: ps on the node shows an id of that range", first_id(container), owner)


@case("a new namespace at once", only="per-namespace")
def race(t, node):
    def one(number):
        return Pod(node, f"race{number}", "race").run(["sleep", "777"])

    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        containers = list(pool.map(one, range(10)))
    t.equal("ten pods are up", 10, sum(container.status().state == 1 for container in containers))
    t.equal("in one vNode", 1, len({first_id(container) for container in containers}))
    t.equal("of which there is one", 1, len(node.vnodes()))
    t.equal("each sees all", "10", sees(containers[0], 777))


@case("the mode changes under pods that are up", only="vnode")
def mode(t, node):
    other = {"per-pod": "per-namespace", "per-namespace": "per-pod"}[node.pods_mode]
    old = [Pod(node, f"old{number}", "mode") for number in range(2)]
    before = [pod.run(["sleep", str(5001 + number)]) for number, pod in enumerate(old)]
    try:
        install.setting("pods", other)
        new = [Pod(node, f"new{number}", "mode") for number in range(2)]
        after = [pod.run(["sleep", str(6001 + number)]) for number, pod in enumerate(new)]
        t.equal("the old pods go on", [(0, "on")] * 2, [container.exec("echo", "on") for container in before])
        added = old[0].run(["sleep", "5009"], name="added")
        t.equal("what is added to an old pod comes to the rest of it", (first_id(before[0]), "1"), (first_id(added), sees(added, 5001)))
        t.true("new pods are in vNodes of their own", not {first_id(c) for c in before} & {first_id(c) for c in after}, node.vnodes())
        t.equal("and follow the new mode", 2 if other == "per-pod" else 1, len({first_id(container) for container in after}))
        t.equal("vnode list shows both", {"namespace", "pod"}, {vnode["pod"]["scope"] for vnode in node.vnodes()})
    finally:
        install.setting("pods", node.pods_mode)


@case("the mode by the environment of containerd", only="vnode", needs="systemd")
def mode_by_environment(t, node):
    directory = "/run/systemd/system/containerd.service.d"
    value = {"per-pod": "false", "per-namespace": "true"}[node.pods_mode]

    def restart(value):
        os.makedirs(directory, exist_ok=True)
        with open(directory + "/pods.conf", "w") as file:
            file.write(f"[Service]\nEnvironment=VNODE_PER_POD={value}\n" if value else "")
        run("systemctl", "daemon-reload")
        run("systemctl", "restart", "containerd")
        node.connect()

    try:
        restart(value)
        containers = [Pod(node, f"e{number}", "environment").run() for number in range(2)]
        found = len({first_id(container) for container in containers})
        t.equal("it wins over the file", 2 if value == "true" else 1, found)
        restart("yes")
        t.matches("a value that is none is said by RunPodSandbox", r'vnode: VNODE_PER_POD="yes": must be true or false',
                  failure(lambda: Pod(node, "wrong", "environment")))
        t.equal("pods that are up are entered", (0, "on"), containers[0].exec("echo", "on"))
        containers[0].pod.remove()
        t.true("and removed", containers[0].pod not in node.pods)
    finally:
        restart(None)


@case("views follow limits", only="vnode", needs="limits")
def views(t, node):
    pod = Pod(node, "views")
    container = pod.run(linux={"resources": {"memory_limit_in_bytes": 64 << 20, "cpu_period": 100000, "cpu_quota": 100000}})
    total = lambda: container.sh("awk '/^MemTotal/ {print $2}' /proc/meminfo")
    t.equal("memory is the limit", "65536", total())
    t.equal("one CPU", "1", container.sh("grep -c ^processor /proc/cpuinfo"))
    container.update(memory_limit_in_bytes=96 << 20, cpu_period=100000, cpu_quota=200000)
    t.eventually("an update in place shows", "98304", total)
    t.eventually("for CPUs too", "2", lambda: container.sh("grep -c ^processor /proc/cpuinfo"))
    container.update(memory_limit_in_bytes=48 << 20, cpu_period=100000, cpu_quota=100000)
    t.eventually("what shrinks too", ("49152", "1"), lambda: (total(), container.sh("grep -c ^processor /proc/cpuinfo")))
    other = pod.run(name="other", linux={"resources": {"memory_limit_in_bytes": 32 << 20}})
    t.equal("another container of the pod has its own", "32768", other.sh("awk '/^MemTotal/ {print $2}' /proc/meminfo"))
    of_pod = os.path.dirname(container.cgroup()) + "/memory.max"
    with open(of_pod, "w") as file:
        file.write(str(40 << 20))
    t.eventually("the pod's holds where it is less", "40960", total)
    t.equal("and not where it is more", "32768", other.sh("awk '/^MemTotal/ {print $2}' /proc/meminfo"))


@case("documented limits", only="vnode")
def limits(t, node):
    pod = Pod(node, "limits")
    container = pod.run(devices=[{"container_path": "/dev/thing", "host_path": "/dev/fuse", "permissions": "rwm"}])
    perl = lambda call: container.exec("perl", "-e", SYSCALL.format(call))[1]
    t.matches("mknod of a device", "Operation not permitted", container.sh("mknod /tmp/x c 1 3"))
    t.equal("of a pipe goes", "0", container.sh("mknod /tmp/p p; echo $?"))
    t.equal("a nested user namespace is EPERM", "-1 1", perl("272, 0x10000000"))
    t.equal("bpf is EPERM", "-1 1", perl("321, 0, 0, 0"))
    t.equal("init_module is EPERM", "-1 1", perl("175, 0, 0, 0"))
    t.matches("unmounting a cover", "Invalid argument|Operation not permitted", container.sh("umount /proc/meminfo"))
    container.sh("echo nobody:x:65534:65534::/:/bin/false >>/etc/passwd; echo nogroup:x:65534: >>/etc/group")
    t.equal("a device is nobody's", "nobody:nogroup 65534:65534", container.sh("stat -c '%U:%G %u:%g' /dev/thing"))
    zones = lambda text: [line.split()[:4] for line in text.strip().splitlines()]
    with open("/proc/buddyinfo") as file:
        t.equal("buddyinfo is the node's", zones(file.read()), zones(container.sh("cat /proc/buddyinfo")))
    if os.path.exists("/proc/config.gz"):
        t.equal("config.gz too", run("sha256sum", "/proc/config.gz").split()[0], container.sh("sha256sum /proc/config.gz | cut -d' ' -f1"))
    else:
        t.note("this kernel has no config.gz")
        t.equal("config.gz neither", "no", container.sh("test -e /proc/config.gz || echo no"))
    t.equal("the host name of the pod", "limits", container.sh("hostname"))


@case("/dev/shm is the sandbox's, through the outer container", only="vnode")
def shm(t, node):
    pod = Pod(node, "outer")
    container = pod.run()
    container.sh("echo deep >/dev/shm/file")
    place = f"/run/containerd/io.containerd.grpc.v1.cri/sandboxes/{pod.id}/shm"
    init = node.init_pid_of(container)
    with open(f"/proc/{init}/root{place}/file") as file:
        t.equal("the outer container has it at the same path", "deep\n", file.read())
    same = [os.stat(path).st_ino for path in (f"{place}/file", f"/proc/{init}/root{place}/file")]
    t.equal("the same file", same[0], same[1])


@case("the audit", only="vnode", needs="limits")
def audit(t, node):
    import subprocess
    # Not a number of bytes that is the guest's uptime in microseconds one day: 64 MiB was, after 67 s.
    container = Pod(node, "audit").run(linux={"resources": {"memory_limit_in_bytes": 1900 << 20}})
    done = subprocess.run(["vnode-fs", "audit", "--pid", str(container.task_pid())], capture_output=True, text=True)
    found = re.search(r"^findings\n(.*?)(\n\n|\Z)", done.stdout, re.M | re.S)
    lines = found.group(1).splitlines() if found else []
    # What the kubelet and containerd mount is on a disk of the node, and the kernel says on which.
    known = r"identifier\s+/proc/self/mount(info|s|stats)\s+mount of the node: /dev/\w+$"
    lines = [line for line in lines if not re.match(known, line)]
    t.equal("finds nothing of the node in a pod but the disk its volumes are on", [], lines)
    t.true("it was done", done.returncode in (0, 1), done.stdout + done.stderr)
