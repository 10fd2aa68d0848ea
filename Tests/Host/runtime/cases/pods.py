"""Pods: which vNode they come to, and which namespaces they share."""

import concurrent.futures
import os

from checks import case, expect, has
from shim import Container, Pod, run


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
    # containerd calls the sandbox's container as it calls the sandbox.
    first = Container(machine, "p0", ["sleep", "60"], old, "sandbox").begin()
    pods = [Pod(machine, "p1", "shop"), Pod(machine, "p2", "shop")]
    env = {"VNODE_PER_POD": "true"}
    boxes = [Container(machine, "container" + pod.identity, ["sleep", "60"], pod, "sandbox").begin(env=env) for pod in pods]
    work = Container(machine, "containerw1", ["sleep", "60"], pods[0]).begin(env=env)
    expect("vNodes", machine.vnodes(), ["ns-shop", "pod-p1", "pod-p2"])
    expect("PID namespace", os.readlink(f"/proc/{work.pid}/ns/pid"), os.readlink(f"/proc/{boxes[0].pid}/ns/pid"))
    added = Container(machine, "containerw0", ["sleep", "60"], old).begin(env=env)
    expect("of what is added to the old pod", os.readlink(f"/proc/{added.pid}/ns/pid"), os.readlink(f"/proc/{first.pid}/ns/pid"))
    boxes[0].end()
    expect("vNodes", machine.vnodes(), ["ns-shop", "pod-p1", "pod-p2"])
    for container in (work, boxes[1], added, first):
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
    pod = Pod(machine, "box", "shop")
    box = Container(machine, "box", ["sleep", "60"], pod, "sandbox").begin()

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
def network_by_pid(machine):
    """a pod's network by the pid of its sandbox, and of nobody who has that pid instead"""
    boxes = []
    for name, namespace in (("boxone", "shop"), ("boxtwo", "bank")):
        boxes.append(Container(machine, name, ["sleep", "60"], Pod(machine, name, namespace), "sandbox").begin())

    def of(process):
        def change(spec):
            spec["linux"]["namespaces"] = [{"type": "mount"}, {"type": "network", "path": f"/proc/{process}/ns/net"}]
        return change

    pod = Pod(machine, "boxone", "shop")
    good = Container(machine, "containergood", ["sleep", "60"], pod, change=of(boxes[0].pid)).begin()
    expect("namespace", os.readlink(f"/proc/{good.pid}/ns/net"), os.readlink(f"/proc/{boxes[0].pid}/ns/net"))
    bad = Container(machine, "containerbad", ["true"], pod, change=of(boxes[1].pid))
    ended = bad.create()
    expect("status", ended.returncode, 1)
    has(ended.log, "the sandbox of the pod has ended")
    bad.unmount()
    for container in (good, *boxes):
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
