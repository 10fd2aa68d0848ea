"""Volumes, shared memory, owners and filters."""

import os

from checks import case, expect, has
from shim import Container, Pod, bind, inside, mount, run


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
    mounts = [bind(volume, "/data"), bind(volume, "/one", "ro"), bind(hosts, "/etc/hosts"), bind(machine.scratch + "/secret", "/host")]
    try:
        one = Container(machine, "container1", ["sleep", "60"], pod, mounts=mounts).begin()
        expect("file", one.execute("cat", "/data/file", "/one/file", "/etc/hosts").stdout, "from the node" * 2 + "hosts of the pod")
        expect("owners", one.execute("stat", "-c", "%u %g", "/data/file").stdout.strip(), "0 2000")
        expect("write", one.execute("sh", "-c", "echo x >/data/new; stat -c %u /data/new").stdout.strip(), "0")
        expect("owner on the node", os.stat(volume + "/new").st_uid, 0)
        # The engine's device filter lets the real one through.
        has(one.execute("sh", "-c", "(: >/data/null) 2>&1").stdout.lower(), "permission denied")
        assert one.execute("touch", "/one/file").returncode != 0, "a read-only mount can be written to"
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
        has(bad.create().log, "vnode: staging /x: ", "/data/link", "not what kubelet or containerd give a container")
        bad.unmount()
        os.symlink(volume, pod.volume("data") + "2")
        bad = Container(machine, "container3", ["true"], pod, mounts=[bind(volume + "2", "/x")])
        has(bad.create().log, "vnode: staging /x: ", "/data2", "ELOOP")
        bad.unmount()
    finally:
        pod.forget()
        other.forget()


@case
def what_the_kubelet_writes(machine):
    """a directory the kubelet follows as the node's root is no container's to write to: none above a volume, none of a configMap"""
    pod = Pod(machine, "p1", "shop")
    top = f"{machine.kubelet}/pods/{pod.uid}"
    keys = os.path.dirname(os.path.dirname(pod.volume("data"))) + "/kubernetes.io~configmap/keys"
    os.makedirs(keys)
    open(keys + "/key", "w").write("a key")
    sub = top + "/volume-subpaths/keys/main/0"
    os.makedirs(sub)
    run("mount", "--bind", keys, sub)
    try:
        # What containerd makes of a hostPath that ends in a symlink of another pod's.
        for source in (top, top + "/volumes", top + "/volumes/kubernetes.io~configmap", top + "/volumes/kubernetes.io~csi/pv", top + "/containers"):
            os.makedirs(source, exist_ok=True)
            bad = Container(machine, "container2", ["true"], pod, mounts=[bind(source, "/x")])
            ended = bad.create()
            expect(f"status of {source}", ended.returncode, 1)
            has(ended.log, f"vnode: staging /x: {source}: not what kubelet or containerd give a container")
            bad.unmount()
        one = Container(machine, "container1", ["sleep", "60"], pod, mounts=[bind(keys, "/keys"), bind(sub, "/sub")]).begin()
        expect("read", one.execute("cat", "/keys/key", "/sub/key").stdout, "a keya key")
        for place in ("/keys", "/sub"):
            has(one.execute("sh", "-c", f"(: >{place}/..data) 2>&1").stdout.lower(), "read-only file system")
        one.end()
        expect("in the configMap", os.listdir(keys), ["key"])
    finally:
        run("umount", sub)
        pod.forget()


@case
def read_only_mounts(machine):
    """a read-only hostPath of a directory, of / and of /proc, whose mounts have more that is locked"""
    mounts = [bind("/srv", "/srv", "ro"), bind("/", "/host", "ro"), bind("/proc", "/host-proc", "ro"), bind("/sys", "/host-sys", "ro", "rslave")]
    one = Container(machine, "container1", ["sleep", "60"], Pod(machine, "p1", "shop"), mounts=mounts).begin()
    for place in ("/srv", "/host"):
        has(one.execute("sh", "-c", f"(: >{place}/x) 2>&1").stdout.lower(), "read-only file system")
    has(one.execute("cat", "/host-proc/cmdline").stdout, "root=/dev/vnode")
    one.end()


@case
def peers(machine):
    """what is mounted in a vNode is not mounted on the node, nor the other way round"""
    pod = Pod(machine, "p1", "shop")
    volume = pod.volume("data")
    shm = f"/run/containerd/io.containerd.grpc.v1.cri/sandboxes/{pod.identity}/shm"
    os.makedirs(shm)
    # As systemd has the node's mounts: in a peer group.
    for place, kind in ((volume, "ext"), (shm, "shm")):
        run("mount", "-t", "tmpfs", kind, place)
        run("mount", "--make-shared", place)
    try:
        mounts = [bind(shm, "/dev/shm"), bind(volume, "/data")]
        box = Container(machine, "containerbox", ["sleep", "60"], pod, "sandbox", mounts=mounts).begin()
        mounts[1]["options"] = ["rbind", "rslave", "rw"]
        one = Container(machine, "container1", ["sleep", "60"], pod, mounts=mounts).begin()
        first = machine.vnode("ns-shop")["initProcess"]["pid"]

        def groups(pid):
            found = set()
            for line in open(f"/proc/{pid}/mountinfo"):
                fields = line.split(" - ")[0].split()[6:]
                found |= {word.split(":")[1] for word in fields if ":" in word}
            return found

        for pid in (first, box.pid, one.pid):
            expect("peer groups of the node", groups(pid) & groups("self"), set())
        os.makedirs(volume + "/late")
        for place in (shm, shm + "/late"):
            inside(first, lambda: (os.makedirs(place, exist_ok=True), mount("mine", place, "tmpfs")))
        run("mount", "-t", "tmpfs", "late", volume + "/late")
        table = open("/proc/self/mountinfo").read()
        assert " - tmpfs mine " not in table, "mounted in the vNode, seen on the node"
        assert " - tmpfs late " not in open(f"/proc/{one.pid}/mountinfo").read(), "mounted on the node, seen in the container"
        one.end()
        box.end()
    finally:
        run("sh", "-c", f"umount -R {volume}; umount -R {shm}; rm -rf {os.path.dirname(shm)}")
        pod.forget()


@case
def proc_of_the_vnode(machine):
    """hostPaths of /, /proc and /sys are the vNode's, covered as its own are"""
    mounts = [bind("/", "/host"), bind("/proc", "/host-proc"), bind("/sys", "/host-sys")]
    one = Container(machine, "container1", ["sleep", "60"], Pod(machine, "p1", "shop"), mounts=mounts).begin()
    for place in ("/proc", "/host/proc", "/host-proc"):
        has(one.execute("cat", place + "/cmdline").stdout, "root=/dev/vnode")
    for place in ("/host/sys", "/host-sys"):
        expect(place, one.execute("ls", place + "/class/net").stdout.split(), ["lo"])
    one.end()


@case
def sub_paths(machine):
    """sub-paths the kubelet binds are the node's if they lie in a volume of the pod's; of a hostPath they are refused"""
    pod = Pod(machine, "p1", "shop")
    volume = pod.volume("data")
    os.makedirs(volume + "/deep/er")
    open(volume + "/deep/er/file", "w").write("of the pod")
    os.makedirs(machine.scratch + "/secret", exist_ok=True)
    open(machine.scratch + "/secret/key", "w").write("of the node")
    points = []

    def sub_path(name, source):
        point = f"{machine.kubelet}/pods/{pod.uid}/volume-subpaths/{name}/main/{len(points)}"
        os.makedirs(point)
        run("mount", "--bind", source, point)
        points.append(point)
        return point

    try:
        good = sub_path("data", volume + "/deep")
        one = Container(machine, "container1", ["sleep", "60"], pod, mounts=[bind(good, "/x")]).begin()
        expect("in a volume", one.execute("cat", "/x/er/file").stdout, "of the pod")
        one.end()
        # As of a hostPath, under its own name and under that of a volume; one that is not mounted; the node's /proc.
        bare = f"{machine.kubelet}/pods/{pod.uid}/volume-subpaths/data/main/9"
        os.makedirs(bare)
        for source in (sub_path("host", machine.scratch + "/secret"), sub_path("data", machine.scratch + "/secret"), bare,
                       sub_path("data", "/etc"), sub_path("host", "/proc")):
            bad = Container(machine, "container2", ["true"], pod, mounts=[bind(source, "/x")])
            ended = bad.create()
            expect(f"status of {source}", ended.returncode, 1)
            has(ended.log, "vnode: staging /x: ", "a sub-path of no volume of the kubelet's")
            bad.unmount()
        node = sub_path("proc", "/proc").replace("volume-subpaths/proc/main", "volumes/kubernetes.io~empty-dir")
        os.makedirs(node)
        run("mount", "--bind", "/proc", node)
        points.append(node)
        # Beside the content of a CSI driver's volume there is what the kubelet writes.
        csi = f"{machine.kubelet}/pods/{pod.uid}/volumes/kubernetes.io~csi/pv"
        os.makedirs(csi + "/mount")
        bad = Container(machine, "container2", ["true"], pod, mounts=[bind(sub_path("pv", csi), "/x")])
        has(bad.create().log, "vnode: staging /x: ", "a sub-path of no volume of the kubelet's")
        bad.unmount()
        one = Container(machine, "container1", ["true"], pod, mounts=[bind(sub_path("pv", csi + "/mount"), "/x")]).begin()
        one.end()
        bad = Container(machine, "container2", ["true"], pod, mounts=[bind(node, "/x")])
        has(bad.create().log, "vnode: staging /x: ", "EPERM")
        bad.unmount()
    finally:
        for point in points:
            run("umount", point)
        pod.forget()


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
def overlay_options(machine):
    """a root of containerd's mount options volatile or index=on starts, and starts again"""
    for options in (["volatile"], ["index=on"], ["xino=off", "redirect_dir=on", "metacopy=on"]):
        one = Container(machine, "container1", ["sh", "-c", "echo x >>/data/file; cat /data/file"], Pod(machine, "p1", "shop"), overlay=options)
        for times in (1, 2):
            one.begin()
            expect(f"status with {options}", one.wait(), 0)
            expect(f"what was written with {options}", one.output(), "x\n" * times)
            expect("deleted", one.delete().returncode, 0)
        one.unmount()


@case
def image_volumes(machine):
    """an image as a volume, of several layers and of one, is the image, read-only"""
    pod = Pod(machine, "p1", "shop")
    top = "/run/containerd/io.containerd.grpc.v1.cri/image-volumes/" + pod.identity
    for layer in ("one", "two"):
        os.makedirs(f"{machine.scratch}/image/{layer}")
        open(f"{machine.scratch}/image/{layer}/{layer}", "w").write(layer)
    os.makedirs(machine.scratch + "/image/one/deep")
    open(machine.scratch + "/image/one/deep/file", "w").write("part")
    os.symlink("/etc", machine.scratch + "/image/two/link")
    os.makedirs(top + "/several")
    os.makedirs(top + "/single")
    run("mount", "-t", "overlay", "overlay", "-o", f"lowerdir={machine.scratch}/image/two:{machine.scratch}/image/one", top + "/several")
    run("mount", "--bind", "-o", "ro", machine.scratch + "/image/one", top + "/single")
    try:
        mounts = [bind(f"{top}/{name}", "/" + name, "ro", "nosuid", "nodev") for name in ("several", "single")]
        one = Container(machine, "container1", ["sleep", "60"], pod, mounts=mounts).begin()
        expect("files", one.execute("sh", "-c", "cat /several/one /several/two /single/one; ls /single").stdout, "onetwoonedeep\none\n")
        expect("owner", one.execute("stat", "-c", "%u", "/several/one").stdout.strip(), "0")
        for place in ("/several", "/single"):
            has(one.execute("sh", "-c", f"(: >{place}/x) 2>&1").stdout.lower(), "read-only file system")
        one.end()
        parts = [bind(top + "/several/deep", "/deep", "ro"), bind(top + "/several/deep/file", "/file", "ro")]
        three = Container(machine, "container3", ["sleep", "60"], pod, mounts=parts).begin()
        expect("parts", three.execute("cat", "/deep/file", "/file").stdout, "partpart")
        has(three.execute("sh", "-c", "(: >/file) 2>&1").stdout.lower(), "read-only file system")
        three.end()
        for wrong, says in ((top, "not what kubelet or containerd give"), (top + "/several/link", "ELOOP"), (top + "/several/no", "ENOENT")):
            two = Container(machine, "container2", ["ls", "/x"], pod, mounts=[bind(wrong, "/x", "ro")])
            has(two.create().log, "vnode: staging /x: ", says)
            two.unmount()
    finally:
        run("umount", top + "/several", top + "/single")
        run("rm", "-rf", top)


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
