"""The checks of vnode-runtime: functions that take a machine, named by their doc strings."""

import concurrent.futures
import json
import os
import signal
import socket
import subprocess
import time

import shim
from shim import Container, Pod, bind, run

CASES = []


def case(function):
    CASES.append((function.__doc__, function))
    return function


def all_cases():
    return CASES


def expect(what, got, wanted):
    assert got == wanted, f"{what}: expected {wanted!r}, got {got!r}"


def has(text, *words):
    for word in words:
        assert word in text, f"expected \"{word}\" in \"{text}\""


def clean(machine):
    """Whatever a check that failed has left."""
    for name in os.listdir(machine.state + "/containers") if os.path.exists(machine.state + "/containers") else []:
        machine.runtime("delete", "--force", name.split(",")[-1])
    bundles = machine.scratch + "/bundles"
    for name in os.listdir(bundles) if os.path.exists(bundles) else []:
        subprocess.run(["umount", "-l", f"{bundles}/{name}/rootfs"], stderr=subprocess.DEVNULL)
        run("rm", "-rf", f"{bundles}/{name}", f"{machine.scratch}/layers/{name}")
    for path in ("/sys/fs/cgroup/unified/vnode-test-pods", "/sys/fs/cgroup/vnode-test-pods"):
        subprocess.run(["find", path, "-depth", "-type", "d", "-exec", "rmdir", "{}", ";"], stderr=subprocess.DEVNULL)


# --- one container

@case
def whole_life(machine):
    """a container of no pod: created, started, its status, deleted, deleted again"""
    script = "id -u; read up idle </proc/uptime; echo $up; ps; touch /new; stat -c %u /new /bin/busybox /; cat /proc/self/uid_map; echo done; exit 7"
    one = Container(machine, "container1", ["sh", "-c", script])
    expect("create", one.create().returncode, 0)
    state = json.loads(one.runtime("state", "container1").stdout)
    expect("status", state["status"], "created")
    expect("pid", state["pid"], one.pid)
    vnode = machine.vnode("ctr-k8s.io.container1")
    one.start()
    expect("exit status", one.wait(), 7)
    lines = one.output().split("\n")
    expect("uid", lines[0], "0")
    assert float(lines[1].split()[0]) < 20, f"uptime {lines[1]}"
    has(one.output(), "vnode-init", "0\n0\n0\n", str(vnode["uidBase"]), "done")
    expect("owner on the node", os.stat(one.snapshot + "/fs/new").st_uid, vnode["uidBase"])
    expect("delete", one.delete().returncode, 0)
    has(one.delete().log, "container does not exist")
    expect("delete --force", one.delete("--force").returncode, 0)
    one.unmount()


@case
def unknown(machine):
    """what is not there: delete --force succeeds, everything else says so as runc does"""
    expect("delete --force", machine.runtime("delete", "--force", "nobody").returncode, 0)
    for words in (["delete", "x"], ["state", "x"], ["start", "x"], ["kill", "x", "9"], ["exec", "x", "true"], ["ps", "x"]):
        ended = machine.runtime(*words)
        expect(words[0], ended.returncode, 1)
        line = json.loads(ended.log.strip().split("\n")[-1])
        expect(words[0], (line["level"], "does not exist" in line["msg"]), ("error", True))


@case
def wrong_usage(machine):
    """wrong values are errors in the log that say what is accepted"""
    one = Container(machine, "container1", ["true"])
    ended = one.create(env={"VNODE_PER_POD": "yes"})
    expect("status", ended.returncode, 1)
    has(json.loads(ended.log)["msg"], "VNODE_PER_POD", "true or false")
    for words in (["create", "a/b"], ["frobnicate"], ["create", "--bundle"], ["restore", "x"], ["create", "--bundle", "/nowhere", "x"]):
        ended = machine.runtime(*words)
        expect(" ".join(words), ended.returncode, 1)
        has(json.loads(ended.log)["msg"], "vnode: ")
    one.unmount()


@case
def versions(machine):
    """--version and features are the engine's"""
    has(machine.runtime("--version").stdout, os.path.basename(machine.engine), "vnode-runtime")


@case
def programs_in_it(machine):
    """exec runs in its namespaces, with its own status and pid file"""
    one = Container(machine, "container1", ["sleep", "60"]).begin()
    ended = one.execute("sh", "-c", "for n in net uts pid; do readlink /proc/self/ns/$n; done; exit 3")
    expect("status", ended.returncode, 3)
    own = [os.readlink(f"/proc/{one.pid}/ns/{kind}") for kind in ("net", "uts", "pid")]
    expect("namespaces", ended.stdout.split("\n")[:3], own)
    ended = one.runtime(
        "exec", "--process", one.bundle + "/process.json", "--detach", "--pid-file", one.bundle + "/exec.pid", "container1")
    expect("status of a detached one", ended.returncode, 0)
    pid = int(open(one.bundle + "/exec.pid").read())
    _, status = os.waitpid(pid, 0)
    expect("status by its pid", os.waitstatus_to_exitcode(status), 3)
    has(one.execute("no-such-program").log, "no-such-program")
    one.end()


@case
def terminal(machine):
    """a terminal arrives at the console socket"""
    one = Container(machine, "container1", ["sh", "-c", "tty; exec sleep 60"], change=lambda spec: spec["process"].update(terminal=True))
    path = machine.scratch + "/pty.sock"
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(1)
    expect("create", one.create("--console-socket", path).returncode, 0)
    connection, _ = listener.accept()
    _, descriptors, _, _ = socket.recv_fds(connection, 4096, 1)
    one.start()
    has(os.read(descriptors[0], 100).decode(), "/dev/pts/")
    os.close(descriptors[0])
    listener.close()
    os.unlink(path)
    one.end()


@case
def control(machine):
    """pause, resume, ps, update and kill --all"""
    one = Container(machine, "container1", ["sh", "-c", "sleep 61 & sleep 62 & echo up; wait"]).begin().says("up")
    expect("processes", len(json.loads(one.runtime("ps", "--format", "json", "container1").stdout)), 3)
    expect("pause", one.runtime("pause", "container1").returncode, 0)
    expect("status", json.loads(one.runtime("state", "container1").stdout)["status"], "paused")
    expect("resume", one.runtime("resume", "container1").returncode, 0)
    expect("kill", one.runtime("kill", "--all", "container1", "9").returncode, 0)
    expect("exit status", one.wait(), -9)
    expect("delete", one.delete().returncode, 0)
    one.unmount()


@case
def bundle_tells(machine):
    """the shim reads in the bundle that the container has no PID namespace of its own"""
    one = Container(machine, "container1", ["sleep", "60"]).begin()
    spec = json.load(open(one.bundle + "/config.json"))
    pid = [entry for entry in spec["linux"]["namespaces"] if entry["type"] == "pid"][0]
    expect("namespace", os.readlink(pid["path"]), os.readlink(f"/proc/{one.pid}/ns/pid"))
    one.end()


# --- pods

@case
def pods_of_namespaces(machine):
    """pods of one namespace are in one vNode until the last has gone, those of another in another"""
    pods = [Pod(machine, "p1", "shop"), Pod(machine, "p2", "shop"), Pod(machine, "p3", "bank")]
    boxes = [Container(machine, "container" + pod.identity, ["sleep", "60"], pod, "sandbox").begin() for pod in pods]
    expect("vNodes", machine.vnodes(), ["ns-bank", "ns-shop"])
    spaces = [os.readlink(f"/proc/{box.pid}/ns/pid") for box in boxes]
    assert spaces[0] == spaces[1] != spaces[2], spaces
    maps = [open(f"/proc/{box.pid}/uid_map").read().split()[1] for box in boxes]
    assert maps[0] == maps[1] != maps[2], maps
    expect("hostnames", [box.execute("hostname").stdout.strip() for box in boxes], [box.identity for box in boxes])
    expect("sleepers in sight", boxes[0].execute("sh", "-c", "ps | grep -c 'sleep 6[0]'").stdout.strip(), "2")
    boxes[0].end()
    expect("vNodes", machine.vnodes(), ["ns-bank", "ns-shop"])
    boxes[1].end()
    expect("vNodes", machine.vnodes(), ["ns-bank"])
    boxes[2].end()


@case
def pods_alone(machine):
    """with VNODE_PER_POD=true each pod has a vNode, which its containers share; what is up stays as it is"""
    old = Pod(machine, "p0", "shop")
    first = Container(machine, "containerp0", ["sleep", "60"], old, "sandbox").begin()
    pods = [Pod(machine, "p1", "shop"), Pod(machine, "p2", "shop")]
    env = {"VNODE_PER_POD": "true"}
    boxes = [Container(machine, "container" + pod.identity, ["sleep", "60"], pod, "sandbox").begin(env=env) for pod in pods]
    work = Container(machine, "containerw1", ["sleep", "60"], pods[0]).begin(env=env)
    expect("vNodes", machine.vnodes(), ["ns-shop", "pod-p1", "pod-p2"])
    expect("PID namespace", os.readlink(f"/proc/{work.pid}/ns/pid"), os.readlink(f"/proc/{boxes[0].pid}/ns/pid"))
    boxes[0].end()
    expect("vNodes", machine.vnodes(), ["ns-shop", "pod-p1", "pod-p2"])
    for container in (work, boxes[1], first):
        container.end()


@case
def ten_at_once(machine):
    """ten pods of a new namespace created at once make one vNode, and all leave it at once"""
    boxes = [Container(machine, f"containerp{n}", ["sleep", "60"], Pod(machine, f"p{n}", "crowd"), "sandbox") for n in range(10)]
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        statuses = list(pool.map(lambda box: (lambda ended: ended.returncode or ended.log and -1)(box.create(log=f"{box.bundle}/log.json")), boxes))
        expect("statuses", [status for status in statuses if status], [])
        expect("vNodes", machine.vnodes(), ["ns-crowd"])
        expect("PID namespaces", len({os.readlink(f"/proc/{box.pid}/ns/pid") for box in boxes}), 1)
        list(pool.map(lambda box: box.runtime("delete", "--force", box.identity, log=f"{box.bundle}/log.json"), boxes))
    expect("vNodes", machine.vnodes(), [])
    for box in boxes:
        box.unmount()


@case
def namespaces_of_a_pod(machine):
    """containers of a pod share its uts, ipc and network namespaces; host namespaces are the vNode's"""
    pod = Pod(machine, "p1", "shop")
    box = Container(machine, "containerbox", ["sleep", "60"], pod, "sandbox").begin()

    def joined(spec):
        spec["linux"]["namespaces"] = [{"type": "mount"}, {"type": "pid"}, {"type": "cgroup"}] + [
            {"type": kind, "path": f"/proc/{box.pid}/ns/{name}"} for kind, name in (("ipc", "ipc"), ("uts", "uts"), ("network", "net"))]

    def host(spec):
        spec["hostname"] = "node"
        spec["linux"]["namespaces"] = [{"type": "mount"}, {"type": "cgroup"}]

    def foreign(spec):
        joined(spec)
        for entry in spec["linux"]["namespaces"]:
            if entry["type"] in ("ipc", "uts"):
                entry["path"] = f"/proc/1/ns/{entry['type']}"

    work = Container(machine, "containerwork", ["sleep", "60"], pod, change=joined).begin()
    on_host = Container(machine, "containerhost", ["sleep", "60"], pod, change=host).begin()
    other = Container(machine, "containerother", ["sleep", "60"], pod, change=foreign).begin()
    first = machine.vnode("ns-shop")["initProcess"]["pid"]
    space = lambda pid, kind: os.readlink(f"/proc/{pid}/ns/{kind}")  # noqa: E731
    for kind in ("ipc", "uts", "net"):
        expect(kind, space(work.pid, kind), space(box.pid, kind))
        expect("host " + kind, space(on_host.pid, kind), space(first, kind))
        assert space(box.pid, kind) != space(first, kind), kind
    for kind in ("ipc", "uts"):
        expect("the node's " + kind, space(other.pid, kind), space(first, kind))
    expect("hostname", on_host.execute("hostname").stdout.strip(), "ns-shop")
    for container in (other, on_host, work, box):
        container.end()


@case
def network_by_path(machine):
    """a network namespace of the node's is entered; its interfaces are in /sys, its sysctls are set"""
    run("ip", "netns", "add", "vnode-rt")
    try:
        run("ip", "-n", "vnode-rt", "link", "set", "lo", "alias", "loopback-of-the-pod")

        def change(spec):
            spec["linux"]["namespaces"][4]["path"] = "/run/netns/vnode-rt"
            spec["linux"]["sysctl"] = {"net.ipv4.ip_unprivileged_port_start": "7", "kernel.shm_rmid_forced": "1"}

        one = Container(machine, "container1", ["sleep", "60"], change=change).begin()
        expect("namespace", os.stat("/run/netns/vnode-rt").st_ino, os.stat(f"/proc/{one.pid}/ns/net").st_ino)
        has(one.execute("cat", "/sys/class/net/lo/ifalias").stdout, "loopback-of-the-pod")
        expect("sysctl", one.execute("cat", "/proc/sys/net/ipv4/ip_unprivileged_port_start").stdout.strip(), "7")
        expect("ipc sysctl", one.execute("sh", "-c", "read value </proc/sys/kernel/shm_rmid_forced; echo $value").stdout.strip(), "1")
        write = "(echo 77 >/proc/sys/net/ipv4/ip_default_ttl) 2>/dev/null; cat /proc/sys/net/ipv4/ip_default_ttl"
        expect("a write where /proc/sys is read-only", one.execute("sh", "-c", write).stdout.strip(), "64")

        def privileged(spec):
            change(spec)
            spec["linux"]["readonlyPaths"] = []

        node = open("/proc/sys/net/ipv4/ip_default_ttl").read()
        two = Container(machine, "container2", ["sleep", "60"], change=privileged).begin()
        expect("a write where it is not", two.execute("sh", "-c", write).stdout.strip(), "77")
        expect("in the other", one.execute("cat", "/proc/sys/net/ipv4/ip_default_ttl").stdout.strip(), "77")
        expect("the node's", open("/proc/sys/net/ipv4/ip_default_ttl").read(), node)
        two.end()
        one.end()
    finally:
        run("ip", "netns", "del", "vnode-rt")


# --- mounts

@case
def volumes(machine):
    """volumes of kubelet are the node's with owners shifted, hostPaths are the vNode's"""
    pod = Pod(machine, "p1", "shop")
    volume = pod.volume("data")
    open(volume + "/file", "w").write("from the node")
    os.chown(volume + "/file", 0, 2000)
    run("mknod", "-m", "666", volume + "/null", "c", "1", "3")
    hosts = f"{machine.kubelet}/pods/{pod.uid}/etc-hosts"
    open(hosts, "w").write("hosts of the pod")
    os.makedirs(machine.scratch + "/secret")
    open(machine.scratch + "/secret/key", "w").write("of the node")
    mounts = [bind(volume, "/data"), bind(volume + "/file", "/one", "ro"), bind(hosts, "/etc/hosts"), bind(machine.scratch + "/secret", "/host")]
    try:
        one = Container(machine, "container1", ["sleep", "60"], pod, mounts=mounts).begin()
        expect("file", one.execute("cat", "/data/file", "/one", "/etc/hosts").stdout, "from the node" * 2 + "hosts of the pod")
        expect("owners", one.execute("stat", "-c", "%u %g", "/data/file").stdout.strip(), "0 2000")
        expect("write", one.execute("sh", "-c", "echo x >/data/new; stat -c %u /data/new").stdout.strip(), "0")
        expect("owner on the node", os.stat(volume + "/new").st_uid, 0)
        # The engine's device filter lets the real one through.
        has(one.execute("sh", "-c", "(: >/data/null) 2>&1").stdout.lower(), "permission denied")
        assert one.execute("touch", "/one").returncode != 0, "a read-only mount can be written to"
        expect("a hostPath", one.execute("ls", "/host").stdout, "")
        one.execute("touch", "/host/mark")
        two = Container(machine, "container2", ["sleep", "60"], pod, mounts=[bind(machine.scratch + "/secret", "/host")]).begin()
        expect("the same hostPath", two.execute("ls", "/host").stdout.strip(), "mark")
        expect("the node's", os.listdir(machine.scratch + "/secret"), ["key"])
        two.end()
        one.end()
    finally:
        pod.forget()
        run("rm", "-rf", machine.scratch + "/secret")


@case
def volumes_of_others(machine):
    """a hostPath or a symlink in a volume leads to nothing of the node's"""
    pod, other = Pod(machine, "p1", "shop"), Pod(machine, "p2", "shop")
    open(other.volume("secret") + "/key", "w").write("of another pod")
    volume = pod.volume("data")
    os.symlink("/etc", volume + "/link")
    try:
        mounts = [bind(f"{machine.kubelet}/pods", "/pods"), bind(other.volume("secret"), "/secret"), bind("/etc", "/node-etc")]
        one = Container(machine, "container1", ["sleep", "60"], pod, mounts=mounts).begin()
        assert "key" not in one.execute("ls", "-R", "/pods", "/secret").stdout
        assert "shadow" not in one.execute("ls", "/node-etc").stdout
        one.end()
        bad = Container(machine, "container2", ["true"], pod, mounts=[bind(volume + "/link", "/x")])
        has(bad.create().log, "vnode: staging /x: ", "/data/link", "ELOOP")
        bad.unmount()
    finally:
        pod.forget()
        other.forget()


@case
def shared_memory(machine):
    """/dev/shm is the pod's, shown in the outer container at the path it has on the node"""
    pod = Pod(machine, "p1", "shop")
    path = f"/run/containerd/io.containerd.grpc.v1.cri/sandboxes/{pod.identity}/shm"
    os.makedirs(path)
    run("mount", "-t", "tmpfs", "-o", "nosuid,nodev,noexec,mode=1777,size=1m", "shm", path)
    try:
        mount = [bind(path, "/dev/shm")]
        box = Container(machine, "containerbox", ["sleep", "60"], pod, "sandbox", mounts=mount).begin()
        work = Container(machine, "containerwork", ["sleep", "60"], pod, mounts=mount).begin()
        work.execute("sh", "-c", "echo shared >/dev/shm/file")
        expect("in the other", box.execute("cat", "/dev/shm/file").stdout.strip(), "shared")
        first = machine.vnode("ns-shop")["initProcess"]["pid"]
        expect("in the outer container", open(f"/proc/{first}/root{path}/file").read().strip(), "shared")
        expect("as root's", work.execute("stat", "-c", "%u %a", "/dev/shm").stdout.strip(), "0 1777")
        assert os.path.exists(path + "/file")
        work.end()
        box.end()
    finally:
        run("umount", path)
        run("rm", "-rf", path[: path.rindex("/")])


@case
def whose_files(machine):
    """a read-only root, another user, and ids past the vNode's"""
    def user(spec):
        spec["root"]["readonly"] = True
        spec["process"]["user"] = {"uid": 1000, "gid": 1000, "additionalGids": [2000]}
    one = Container(machine, "container1", ["sh", "-c", "id; touch /tmp/x; touch /x; echo end"], change=user).begin()
    one.wait()
    has(one.output(), "uid=1000 gid=1000", "2000", "Read-only file system", "end")
    one.end()
    bad = Container(machine, "container2", ["true"], change=lambda spec: spec["process"]["user"].update(uid=65536))
    has(bad.create().log, "process.user.uid: 65536")
    bad.unmount()


@case
def filters(machine):
    """the pod's filter of system calls and ours hold together, in an exec too"""
    def denying(spec):
        spec["linux"]["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
            {"names": ["mkdir", "mkdirat", "clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": 13}]}
    script = "mkdir /d 2>&1; unshare -U true 2>&1; mknod /n c 1 3 2>&1; free >/dev/null && echo counted"
    one = Container(machine, "container1", ["sh", "-c", script + "; exec sleep 60"], change=denying).begin().says("counted")
    for output in (one.output(), one.execute("sh", "-c", script).stdout):
        has(output, "'/d': Permission denied", "unshare(0x10000000): Operation not permitted", "/n: Operation not permitted", "counted")
    one.end()
    bad = Container(machine, "container2", ["true"], change=lambda spec: spec["linux"].update(
        seccomp={"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "/x"}))
    has(bad.create().log, "vnode: linux.seccomp: a listener of its own is not supported")
    bad.unmount()


# --- hostile bundles and images

def image(machine, **links):
    """A layer with symlinks where a container expects something else."""
    layer = machine.scratch + "/layers/hostile"
    run("rm", "-rf", layer)
    os.makedirs(layer)
    for name, target in links.items():
        os.symlink(target, f"{layer}/{name}")
    return layer


def seen_only_inside(machine, one, script="", *words):
    """Whether a container that the engine may refuse has what it looks for inside, and nothing new is on the node."""
    ended = one.create()
    if ended.returncode == 0:
        one.runtime("start", one.identity)
        if words:
            has(one.execute("sh", "-c", script).stdout, *words)
    else:
        assert ended.log.strip(), "refused without a word"
    one.end()
    left = [path for path in ("/vnode-escape", "/tmp/vnode-escape", "/etc/vnode-escape") if os.path.lexists(path)]
    expect("on the node", left, [])
    expect("vNodes", machine.vnodes(), [])


@case
def hostile_destinations(machine):
    """hostile: destinations of mounts with .. and symlinks to outside lead to places in the container"""
    pod = Pod(machine, "p1", "shop")
    volume = pod.volume("data")
    open(volume + "/file", "w").write("of the pod")
    layer = image(machine, out="/tmp", up="../../../../../../tmp", itself="itself")
    try:
        for destination, seen in (("/../../../../tmp/vnode-escape", "/tmp/vnode-escape"), ("/a/../../../../../vnode-escape", "/vnode-escape"),
                                  ("/out/vnode-escape", "/tmp/vnode-escape"), ("/up/vnode-escape", "/tmp/vnode-escape"),
                                  ("/itself/vnode-escape", "/itself/vnode-escape"), ("/out", "/tmp")):
            one = Container(machine, "container1", ["sleep", "60"], pod, mounts=[bind(volume, destination)], image=layer)
            seen_only_inside(machine, one, f"cat {seen}/file", "of the pod")
            expect("the node's /tmp", os.path.exists("/tmp/file"), False)
    finally:
        pod.forget()


@case
def hostile_images(machine):
    """hostile: images whose /proc, /sys or /dev is a symlink have their view where it leads in the container, or are refused"""
    node = {path: sorted(os.listdir(path)) for path in ("/etc", "/tmp", "/dev")}
    for links in ({"proc": "/tmp"}, {"proc": "../../../../etc"}, {"sys": "/etc"}, {"dev": "/tmp"}, {"proc": "/proc/self/root/proc"},
                  {"sys": "/proc/1/root"}, {"dev": "proc"}):
        one = Container(machine, "container1", ["sleep", "60"], image=image(machine, **links))
        seen_only_inside(machine, one)
        for path, names in node.items():
            new = [name for name in os.listdir(path) if name not in names and not name.startswith(("vnode", "tmp", "pts", "shm"))]
            expect(f"new in {path} with {links}", new, [])


@case
def hostile_types(machine):
    """hostile: mounts of file systems the engine would mount in staging are refused by type and destination"""
    for kind, options in (("overlay", ["lowerdir=/node/etc:/node/usr"]), ("overlay", ["lowerdir=/etc:/usr"]), ("ext4", []), ("Proc", []),
                          ("none", []), ("", [])):
        mount = {"destination": "/x", "type": kind, "source": "overlay", "options": options}
        one = Container(machine, "container1", ["true"], mounts=[mount])
        has(one.create().log, f"vnode: mounts: /x: a file system of the type \\\"{kind}\\\" is not supported")
        expect("vNodes", machine.vnodes(), [])
        one.unmount()


@case
def hostile_annotations(machine):
    """hostile: annotations an engine or systemd would obey are refused by name, others are nobody's business"""
    for name in ("run.oci.seccomp_bpf_data", "run.oci.hooks.stdout", "org.systemd.property.MemoryMax", "module.wasm.image/variant"):
        one = Container(machine, "container1", ["true"], change=lambda spec: spec.update(annotations={name: "x"}))
        has(one.create().log, f"vnode: annotations: {name}: not supported")
        expect("vNodes", machine.vnodes(), [])
        one.unmount()
    one = Container(machine, "container1", ["true"], change=lambda spec: spec.update(annotations={"example.com/Hooks": "x", "ö": "y"})).begin()
    expect("status with others", one.wait(), 0)
    one.end()


@case
def hostile_sizes(machine):
    """hostile: a config.json of 5 MB is refused with the limit, one of 3 MB is a container's"""
    def padded(size):
        return lambda spec: spec.update(vendor={"padding": ["x" * 1000] * (size // 1000)})
    one = Container(machine, "container1", ["true"], change=padded(5 << 20))
    has(one.create().log, "vnode: reading the bundle: ", "EFBIG: longer than 4 MiB")
    expect("vNodes", machine.vnodes(), [])
    one.unmount()
    one = Container(machine, "container1", ["true"], change=padded(3 << 20)).begin()
    expect("status", one.wait(), 0)
    one.end()


@case
def stuck_daemon(machine):
    """with a vnode-fs that does not answer kill 9 and delete --force end a container, other signals say what is wrong"""
    one = Container(machine, "container1", ["sleep", "60"], Pod(machine, "p1", "shop"), "sandbox").begin()
    two = Container(machine, "container2", ["sleep", "60"], Pod(machine, "p2", "shop"), "sandbox").begin()
    children = [int(pid) for pid in run("pgrep", "-P", str(machine.daemon.pid)).split()]
    for pid in [machine.daemon.pid] + children:
        os.kill(pid, signal.SIGSTOP)
    try:
        ended = one.runtime("kill", "container1", "15")
        expect("status of SIGTERM", ended.returncode, 1)
        has(ended.log, "vnode: ")
        expect("kill", one.runtime("kill", "container1", "9").returncode, 0)
        expect("exit status", one.wait(), -9)
        expect("delete", one.delete("--force").returncode, 0)
        expect("delete", two.delete("--force").returncode, 0)
        expect("exit status of the other", two.wait(), -9)
    finally:
        for pid in [machine.daemon.pid] + children:
            os.kill(pid, signal.SIGCONT)
    expect("vNodes", machine.vnodes(), [])
    one.unmount()
    two.unmount()


# --- failures

@case
def failures_leave_nothing(machine):
    """a create that fails, at whatever stage, leaves nothing and says where"""
    def bad(words, change=None, mounts=(), pod=None, command=("true",), flags=()):
        one = Container(machine, "container1", list(command), pod, change=change, mounts=mounts)
        ended = one.create(*flags)
        expect(f"status of {words}", ended.returncode, 1)
        lines = [json.loads(line) for line in ended.log.strip().split("\n")]
        has(" ".join(line["msg"] for line in lines if line["level"] == "error"), *words)
        expect(f"vNodes after {words}", machine.vnodes(), [])
        one.unmount()

    pod = Pod(machine, "p1", "shop")
    gone = f"{machine.kubelet}/pods/{pod.uid}/volumes/gone"
    set_linux = lambda **more: lambda spec: spec["linux"].update(more)  # noqa: E731
    bad(["vnode: hooks.prestart"], lambda spec: spec.update(hooks={"prestart": [{"path": "/bin/true"}]}))
    bad(["vnode: Hooks: must be written hooks"], lambda spec: spec.update(Hooks={"prestart": [{"path": "/bin/true"}]}))
    bad(["vnode: linux.cgroupsPath", ".."], set_linux(cgroupsPath="/vnode-test-pods/../../x"))
    bad(["vnode: linux.namespaces: network /nowhere: ENOENT"], set_linux(
        namespaces=[{"type": "mount"}, {"type": "network", "path": "/nowhere"}]))
    bad(["vnode: linux.namespaces: network /dev/null: not a network namespace"], set_linux(
        namespaces=[{"type": "mount"}, {"type": "network", "path": "/dev/null"}]))
    bad(["vnode: staging the root filesystem", "ENOENT"], lambda spec: spec["root"].update(path="/nowhere/rootfs"))
    bad(["vnode: staging /a: ", "gone", "ENOENT"], mounts=[bind(gone, "/a")], pod=pod)
    bad(["vnode: staging /a: ", "ENOENT", "hostPath"], mounts=[bind("/etc/passwd", "/a")])
    bad(["vnode: setting the sysctl: net/ipv4/nothing"], set_linux(sysctl={"net.ipv4.nothing": "1"}))
    bad(["vnode: setting the sysctl: kernel/core_pattern"], set_linux(sysctl={"kernel.core_pattern": "x"}))
    bad(["vnode: opening the console socket: /nowhere"], flags=["--console-socket", "/nowhere"])
    bad(["no-such-program"], command=["/no-such-program"])
    bad(["vnode: writing: /nowhere/pid"], flags=["--pid-file", "/nowhere/pid"])


@case
def sysctls_of_the_node(machine):
    """a sysctl of no namespace is refused by name, as runc does, and the node's stays what it was"""
    node = {name: open("/proc/sys/user/" + name).read() for name in os.listdir("/proc/sys/user")}
    for name in ("user.max_user_namespaces", "user/max_net_namespaces", "net.//.user.max_user_namespaces"):
        one = Container(machine, "container1", ["true"], change=lambda spec: spec["linux"].update(sysctl={name: "7"}))
        ended = one.create()
        expect(f"status of {name}", ended.returncode, 1)
        has(json.loads(ended.log)["msg"], "vnode: linux.sysctl: ", name)
        expect("vNodes", machine.vnodes(), [])
        one.unmount()
    expect("the node's", {name: open("/proc/sys/user/" + name).read() for name in node}, node)


@case
def no_daemon(machine):
    """without the node's daemon nothing is made, and the error says what to start"""
    one = Container(machine, "container1", ["true"])
    ended = one.create(env={"VNODE_SOCKET": "/nowhere/fs.sock"})
    expect("status", ended.returncode, 1)
    has(json.loads(ended.log.split("\n")[0])["msg"], "vnode: connecting to vnode-fs: /nowhere/fs.sock: ENOENT", "vnode-fs serve")
    one.unmount()


@case
def silent_engine(machine):
    """an engine that fails without a word, or cannot be run, has a word said for it in the log"""
    script = machine.scratch + "/no-interpreter"
    with open(script, "w") as file:
        file.write("#!/nowhere\n")
    os.chmod(script, 0o755)
    for engine, words in (("/usr/bin/false", ["false: ended with status 1"]), (script, ["no-interpreter is a script"]),
                          ("/nowhere/engine", ["the engine /nowhere/engine is not there"])):
        one = Container(machine, "container1", ["true"])
        ended = one.create(env={"VNODE_ENGINE": engine})
        expect(f"status with {engine}", ended.returncode, 1)
        has(json.loads(ended.log.strip().split("\n")[-1])["msg"], "vnode: ", *words)
        expect("vNodes", machine.vnodes(), [])
        one.unmount()


# Connects as crun does, long before it would send anything, fails, or says that all is well.
LEAVING_ENGINE = """
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
static const char *value(char **word, const char *option) {
    while (*word && strcmp(*word, option)) word++;
    return word[0] && word[1] ? word[1] : "";
}
int main(int count, char **words) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/seccomp.sock", value(words, "--bundle"));
    if (connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&address, sizeof address)) return 99;
    sleep(6);
    FILE *log = fopen(value(words, "--log"), "w");
    fputs("{\\"level\\": \\"error\\", \\"msg\\": \\"could not set a limit\\"}\\n", log);
    return fclose(log) || STATUS;
}
"""


@case
def leaving_engine(machine):
    """an engine that connects to the seccomp listener long before it fails has the last word; one that ends well has not"""
    program = machine.scratch + "/leaves"
    for status, last in ((1, "could not set a limit"), (0, "the engine sent none")):
        subprocess.run(["gcc", "-xc", f"-DSTATUS={status}", "-o", program, "-"], input=LEAVING_ENGINE, text=True, check=True)
        one = Container(machine, "container1", ["true"])
        ended = one.create(env={"VNODE_ENGINE": program})
        expect("status", ended.returncode, 1)
        has(json.loads(ended.log.strip().split("\n")[-1])["msg"], last)
        expect("vNodes", machine.vnodes(), [])
        one.unmount()


@case
def dead_vnode(machine):
    """containers of a vNode whose first process was killed end, are deleted, and the next pod gets a new one"""
    pod = Pod(machine, "p1", "shop")
    one = Container(machine, "container1", ["sleep", "60"], pod, "sandbox").begin()
    os.kill(machine.vnode("ns-shop")["initProcess"]["pid"], signal.SIGKILL)
    expect("status", one.wait(), -9)
    two = Container(machine, "container2", ["sleep", "60"], pod, "sandbox").begin()
    has(one.runtime("kill", "container1", "9").log, "does not exist")
    expect("delete", one.delete().returncode, 0)
    one.unmount()
    expect("vNodes", machine.vnodes(), ["ns-shop"])
    two.end()


@case
def same_identity(machine):
    """an id that is taken is refused and the container of it goes on"""
    one = Container(machine, "container1", ["sleep", "60"]).begin()
    ended = one.runtime("create", "--bundle", one.bundle, "container1")
    has(ended.log, "already exists")
    expect("status", json.loads(one.runtime("state", "container1").stdout)["status"], "running")
    one.end()


@case
def killed_creators_nobody_deletes(machine):
    """what a killed create has left and nobody deletes, its vNode too, goes with the next container that ends, or with vnode list"""
    for round, delay in enumerate((0.005, 0.01, 0.03, 0.06, 0.1, 0.15, 0.25, 0.35)):
        for mode in ("true", "false"):
            env = {"VNODE_PER_POD": mode}
            one = Container(machine, "container1", ["sleep", "60"], Pod(machine, "p1", "shop"), "sandbox")
            command = [shim.BIN + "/vnode-runtime", "--root", shim.ROOT, "create", "--bundle", one.bundle, "container1"]
            creator = subprocess.Popen(command, env=machine.environment(env), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(delay)
            creator.kill()
            if creator.wait() == 0:
                one.delete("--force")
            time.sleep(0.1)
            if round % 2:
                run(shim.BIN + "/vnode", "list", env=machine.environment({}))
            else:
                two = Container(machine, "container2", ["true"], Pod(machine, "p2", "bank"), "sandbox").begin(env=env)
                two.wait()
                two.end()
            shim.reap()
            one.unmount()
            expect(f"vNodes after {delay} s, per pod: {mode}", machine.vnodes(), [])
            expect(f"records after {delay} s, per pod: {mode}", os.listdir(machine.state + "/containers"), [])


@case
def killed_creators_beside_others(machine):
    """what a killed create has left in a vNode that others use goes with the next container that ends, and theirs go on"""
    other = Container(machine, "container0", ["sleep", "60"], Pod(machine, "p0", "shop"), "sandbox").begin()
    for delay in (0.02, 0.05, 0.1, 0.2):
        one = Container(machine, "container1", ["sleep", "60"], Pod(machine, "p1", "shop"), "sandbox")
        command = [shim.BIN + "/vnode-runtime", "--root", shim.ROOT, "create", "--bundle", one.bundle, "container1"]
        creator = subprocess.Popen(command, env=machine.environment({}), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(delay)
        creator.kill()
        if creator.wait() == 0:
            one.delete("--force")
        time.sleep(0.1)
        two = Container(machine, "container2", ["true"], Pod(machine, "p2", "bank"), "sandbox").begin()
        two.wait()
        two.end()
        shim.reap()
        one.unmount()
        expect(f"records after {delay} s", len(os.listdir(machine.state + "/containers")), 1)
        expect("the other", other.execute("echo", "on").stdout.strip(), "on")
    other.end()


@case
def killed_creators(machine):
    """a create killed at any moment leaves what delete --force takes away"""
    for delay in (0.01, 0.03, 0.06, 0.1, 0.15, 0.25):
        one = Container(machine, "container1", ["sleep", "60"], Pod(machine, "p1", "shop"), "sandbox")


        command = [shim.BIN + "/vnode-runtime", "--root", shim.ROOT, "create", "--bundle", one.bundle, "container1"]
        creator = subprocess.Popen(command, env=machine.environment({}), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(delay)
        creator.kill()
        creator.wait()
        time.sleep(0.1)
        expect(f"delete after {delay} s", one.delete("--force").returncode, 0)
        shim.reap()
        # A vNode nobody got to use is found by the next pod.
        two = Container(machine, "container2", ["true"], Pod(machine, "p2", "shop"), "sandbox").begin()
        two.wait()
        two.end()
        one.unmount()
        expect(f"vNodes after {delay} s", machine.vnodes(), [])
