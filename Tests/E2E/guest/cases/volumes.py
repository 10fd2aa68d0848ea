"""What the kubelet mounts into containers."""
import os, subprocess
import grpc
from pods.checks import case
from pods.node import run
from pods.pod import TOOLS, Pod


@case("volumes of two containers")
def shared(t, node):
    pod = Pod(node, "volumes")
    work, scratch = pod.volume("work"), pod.volume("scratch")
    run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", scratch)
    os.chmod(scratch, 0o777)
    mounts = [{"container_path": "/work", "host_path": work}, {"container_path": "/scratch", "host_path": scratch},
              {"container_path": "/seen", "host_path": work, "readonly": True}]
    one, two = pod.run(name="one", mounts=mounts), pod.run(name="two", mounts=mounts)
    one.sh("echo a >/work/a; echo b >/scratch/b; mkdir /work/d; chown 1000:1000 /work/d")
    t.equal("both see an emptyDir", "a", two.sh("cat /work/a"))
    t.equal("and one of memory", "b", two.sh("cat /scratch/b"))
    t.matches("which is a tmpfs", "tmpfs", one.sh("df -T /scratch | tail -1"))
    t.equal("files belong to who made them", "0:0 1000:1000", two.sh("stat -c %u:%g /work/a /work/d | tr '\\n' ' '"))
    stat = os.stat(work + "/a"), os.stat(work + "/d")
    t.equal("on the node too", [(0, 0), (1000, 1000)], [(s.st_uid, s.st_gid) for s in stat])
    t.matches("a read-only mount is", "Read-only file system", one.sh("touch /seen/x"))


@case("sub-paths")
def sub_paths(t, node):
    pod = Pod(node, "subpath")
    volume = pod.volume("data")
    os.makedirs(volume + "/inner/deep")
    with open(volume + "/inner/file", "w") as file:
        file.write("inner\n")
    # The kubelet binds the sub-path to a place of its own, so that nobody can swap it.
    bound = f"{pod.directory}/volume-subpaths/data/main/0"
    os.makedirs(bound)
    run("mount", "--bind", volume + "/inner", bound)
    single = f"{pod.directory}/volume-subpaths/data/main/1"
    open(single, "w").close()
    run("mount", "--bind", volume + "/inner/file", single)
    container = pod.run(mounts=[{"container_path": "/data", "host_path": bound}, {"container_path": "/etc/one", "host_path": single}])
    t.equal("a directory", "deep file", container.sh("ls /data | tr '\\n' ' '"))
    t.equal("a file", "inner", container.sh("cat /etc/one"))
    t.equal("the way up is the container's own", "0", container.sh("ls /data/../data/file >/dev/null; echo $?"))


@case("projections of secrets and config maps")
def projections(t, node):
    pod = Pod(node, "secrets")
    secret = pod.volume("token", "kubernetes.io~projected")
    run("mount", "-t", "tmpfs", "tmpfs", secret)

    def publish(version, text, mode=0o600):
        os.makedirs(f"{secret}/..{version}")
        with open(f"{secret}/..{version}/token", "w") as file:
            file.write(text)
        os.chmod(f"{secret}/..{version}/token", mode)
        os.symlink(f"..{version}", f"{secret}/..data_tmp")
        os.rename(f"{secret}/..data_tmp", f"{secret}/..data")

    publish(1, "first")
    os.symlink("..data/token", f"{secret}/token")
    container = pod.run(mounts=[{"container_path": "/var/run/secrets", "host_path": secret, "readonly": True}])
    refused = "cat: can't open '/var/run/secrets/token': Permission denied"
    # Linux maps owners on tmpfs since 6.3. Before, a file of the node's root is nobody's in a vNode: docs/design/runtime.md.
    is_read = node.handler == "runc" or node.kernel >= (6, 3)
    t.equal("it is read", "first" if is_read else refused, container.sh("cat /var/run/secrets/token"))
    publish(2, "second")
    seen = container.sh("cat /var/run/secrets/token")
    t.equal("and read anew when the kubelet changes it", "second" if is_read else refused, seen)
    publish(3, "third", 0o644)
    t.equal("what others may read is read on every kernel", "third", container.sh("cat /var/run/secrets/token"))
    t.matches("not written", "Read-only", container.sh("echo x >/var/run/secrets/new"))


@case("volumes with a group")
def fs_group(t, node):
    pod = Pod(node, "fsgroup")
    volume = pod.volume("work")
    os.chown(volume, 0, 2000)
    os.chmod(volume, 0o2775)
    container = pod.run(
        mounts=[{"container_path": "/work", "host_path": volume}],
        linux={"security_context": {"run_as_user": {"value": 1000}, "run_as_group": {"value": 1000}, "supplemental_groups": [2000]}})
    t.equal("the container has the group", "1000 1000 2000", container.sh("echo $(id -u; id -G)"))
    t.equal("and writes", "0", container.sh("echo x >/work/file; echo $?"))
    t.equal("the file has the group", "1000:2000", container.sh("stat -c %u:%g /work/file"))
    stat = os.stat(volume + "/file")
    t.equal("on the node too", (1000, 2000), (stat.st_uid, stat.st_gid))


@case("host name, resolver and hosts")
def files_of_the_pod(t, node):
    pod = Pod(node, "names", dns_config={"servers": ["10.9.8.7"], "searches": ["cluster.local"], "options": ["ndots:5"]})
    hosts = pod.directory + "/etc-hosts"
    with open(hosts, "w") as file:
        file.write("127.0.0.1 localhost\n10.88.0.99 neighbour\n")
    container = pod.run(mounts=[{"container_path": "/etc/hosts", "host_path": hosts}])
    t.equal("resolv.conf", "search cluster.local nameserver 10.9.8.7 options ndots:5", container.sh("echo $(cat /etc/resolv.conf)"))
    t.equal("hosts", "10.88.0.99", container.sh("awk '$2 == \"neighbour\" {print $1}' /etc/hosts"))
    t.equal("hostname", "names", container.sh("cat /etc/hostname"))
    t.equal("a termination message reaches the node", "0", container.sh("echo 'end' >/etc/hosts; echo $?"))
    with open(hosts) as file:
        t.equal("as the container wrote it", "end\n", file.read())


@case("shared memory of a pod")
def shared_memory(t, node):
    pod = Pod(node, "shm")
    one, two = pod.run(name="one"), pod.run(name="two")
    one.sh("echo shared >/dev/shm/file")
    t.equal("the pod's containers share it", "shared", two.sh("cat /dev/shm/file"))
    with open(f"/run/containerd/io.containerd.grpc.v1.cri/sandboxes/{pod.id}/shm/file") as file:
        t.equal("it is the sandbox's", "shared\n", file.read())
    one.exec("perl", "-e", "defined shmget(4242, 4096, 0600 | 01000) or die $!")
    t.matches("System V segments too", r"^\s*4242\s", two.sh("awk '$1 == 4242' /proc/sysvipc/shm"))
    other = Pod(node, "other", namespace="elsewhere").run()
    t.equal("another pod does not", "", other.sh("ls /dev/shm; awk '$1 == 4242' /proc/sysvipc/shm"))


@case("hostPath")
def host_path(t, node):
    os.makedirs("/srv/data", exist_ok=True)
    with open("/srv/data/file", "w") as file:
        file.write("node\n")
    try:
        pod = Pod(node, "hostpath")
        container = pod.run(mounts=[{"container_path": "/data", "host_path": "/srv/data"}])
        got = container.sh("cat /data/file 2>/dev/null || echo absent")
        # A path that neither the kubelet nor containerd manages is the vNode's.
        t.equal("it is the machine's the pod is on", "node" if node.handler == "runc" else "absent", got)
        t.equal("it is written", "0", container.sh("echo x >/data/new; echo $?"))
        second = pod.run(name="second", mounts=[{"container_path": "/data", "host_path": "/srv/data"}])
        t.equal("the next container finds it", "x", second.sh("cat /data/new"))
        t.equal("the node does too, unless there is a vNode between", node.handler == "runc", os.path.exists("/srv/data/new"))
    finally:
        subprocess.run(["rm", "-rf", "/srv/data"])


@case("hostPath, read-only")
def read_only_host_path(t, node):
    container = Pod(node, "readonly").run(
        mounts=[{"container_path": f"/host{path}", "host_path": path, "readonly": True} for path in ("/srv", "/proc", "/sys")])
    t.matches("a directory", "Read-only file system", container.sh("touch /host/srv/x"))
    t.equal("/proc, as node_exporter has it", "0", container.sh("cat /host/proc/meminfo >/dev/null; echo $?"))


@case("a hostPath that ends in a symlink", only="vnode")
def symlink(t, node):
    first, second = Pod(node, "first"), Pod(node, "second")
    volume = first.volume("data")
    container = first.run(mounts=[{"container_path": "/data", "host_path": volume}])
    second.volume("keys", "kubernetes.io~configmap")
    # containerd follows it on the node: by now the author knows the other pod's uid.
    for name in ("volumes", "volumes/kubernetes.io~configmap", "."):
        container.sh(f"ln -sfn {second.directory}/{name} /data/link")
        try:
            second.run(name=f"reader{len(name)}", mounts=[{"container_path": "/x", "host_path": volume + "/link"}])
            said = "it started"
        except grpc.RpcError as error:
            said = error.details()
        t.matches(f"to {name} of a pod's own directory", "not what kubelet or containerd give a container", said)


@case("an image as a volume", needs="images")
def image(t, node):
    container = Pod(node, "image").run(mounts=[{"container_path": "/image", "image": {"image": TOOLS}, "readonly": True}])
    t.equal("it is the image", "0", container.sh("test -e /image/bin/sh; echo $?"))
    t.equal("its files are root's", "0:0", container.sh("stat -c %u:%g /image/etc/passwd"))
    t.matches("and nobody writes to it", "Read-only file system", container.sh("touch /image/x"))
