"""Bundles and images of the enemy."""

import os
import signal

from checks import case, expect, has
from shim import Container, Pod, bind, run


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
    # There on the node too, and nobody else's: others put what they like into /tmp meanwhile.
    aim = machine.scratch + "/aim"
    os.makedirs(aim)
    # Whoever came so far could write there.
    os.chmod(aim, 0o1777)
    os.chmod(machine.scratch, 0o711)
    try:
        node = {path: sorted(os.listdir(path)) for path in ("/etc", "/dev")}
        for links in ({"proc": aim}, {"proc": "../../../../etc"}, {"sys": "/etc"}, {"dev": aim}, {"proc": "/proc/self/root/proc"},
                      {"sys": "/proc/1/root"}, {"dev": "proc"}):
            layer = image(machine, **links)
            os.makedirs(layer + aim)
            one = Container(machine, "container1", ["sleep", "60"], image=layer)
            seen_only_inside(machine, one)
            expect(f"in {aim} with {links}", os.listdir(aim), [])
            for path, names in node.items():
                new = [name for name in os.listdir(path) if name not in names and not name.startswith(("vnode", "tmp", "pts", "shm"))]
                expect(f"new in {path} with {links}", new, [])
    finally:
        os.chmod(machine.scratch, 0o700)
        run("rm", "-rf", aim)


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
