"""Security contexts: users, capabilities, sysctls, devices, seccomp, privileged pods."""
import json, os, re, stat
from pods.checks import case
from pods.node import run
from pods.pod import NODE, Pod

SYSCALL = "$r = syscall({}); printf '%d %d', $r, $!+0"


@case("runAsUser and readOnlyRootFilesystem")
def users(t, node):
    pod = Pod(node, "users")
    user = pod.run(name="user", linux={"security_context": {"run_as_user": {"value": 1000}}})
    t.equal("user", "1000", user.sh("id -u"))
    t.matches("which may not write to the root's files", "Permission denied", user.sh("touch /etc/x"))
    locked = pod.run(name="locked", linux={"security_context": {"readonly_rootfs": True, "no_new_privs": True}})
    t.matches("a read-only root", "Read-only file system", locked.sh("touch /etc/x"))
    t.equal("no new privileges", "1", locked.sh("awk '/NoNewPrivs/ {print $2}' /proc/self/status"))
    root = pod.run(name="root")
    t.equal("root writes", "0", root.sh("touch /etc/x; echo $?"))
    t.equal("and changes owners", "1000", root.sh("chown 1000 /etc/x; stat -c %u /etc/x"))


@case("capabilities")
def capabilities(t, node):
    pod = Pod(node, "capabilities")
    bounded = pod.run(name="few", linux={"security_context": {"capabilities": {"drop_capabilities": ["ALL"], "add_capabilities": ["CHOWN"]}}})
    t.equal("those it asks for", "0000000000000001", bounded.sh("awk '/CapEff/ {print $2}' /proc/self/status"))
    admin = pod.run(name="admin", linux={"security_context": {"capabilities": {"add_capabilities": ["NET_ADMIN"]}}})
    # The network namespace CNI made is the node's, and so are the rights over it: docs/design/e2e.md.
    expected = {"runc": "0", "vnode": "2"}[node.handler]
    t.equal("NET_ADMIN, over what CNI made", expected, admin.sh("ip addr add 10.1.2.3/32 dev lo 2>/dev/null; echo $?"))


@case("sysctls of a pod")
def sysctls(t, node):
    pod = Pod(node, "sysctls", linux={"sysctls": {"net.ipv4.ip_unprivileged_port_start": "80", "kernel.shm_rmid_forced": "1"}})
    container = pod.run()
    t.equal("of the network", "80", container.sh("cat /proc/sys/net/ipv4/ip_unprivileged_port_start"))
    t.equal("of IPC", "1", container.sh("cat /proc/sys/kernel/shm_rmid_forced"))
    t.equal("not the node's", "0", open("/proc/sys/kernel/shm_rmid_forced").read().strip())


@case("devices")
def devices(t, node):
    # As udev has /dev/fuse, and as the kernel makes it.
    for name, mode in (("open", 0o666), ("closed", 0o600)):
        path = f"/dev/pods-{name}"
        os.mknod(path, mode | stat.S_IFCHR, os.makedev(10, 229))
        os.chmod(path, mode)
    try:
        container = Pod(node, "devices").run(devices=[
            {"container_path": f"/dev/{name}", "host_path": f"/dev/pods-{name}", "permissions": "rw"} for name in ("open", "closed")])
        t.equal("it is there", "character special file", container.sh("stat -c %F /dev/open"))
        t.equal("and opens", "0", container.sh("exec 3<>/dev/open; echo $?"))
        # In a vNode devices are nobody's, and what they allow to others decides.
        refused = r"^0$" if node.handler == "runc" else "Permission denied"
        t.matches("one that is its owner's alone", refused, container.sh("exec 3<>/dev/closed; echo $?"))
        owner = {"runc": "0:0", "vnode": "65534:65534"}[node.handler]
        t.equal("its owner", owner, container.sh("stat -c %u:%g /dev/open"))
        t.equal("the usual ones work", "0 1", container.sh("echo x >/dev/null; head -c 16 /dev/urandom | wc -c | sed 's/16/1/' | sed 's/^/0 /'"))
    finally:
        for name in ("open", "closed"):
            os.remove(f"/dev/pods-{name}")


@case("seccomp profiles")
def seccomp(t, node):
    os.makedirs("/var/lib/kubelet/seccomp", exist_ok=True)
    path = "/var/lib/kubelet/seccomp/no-mkdir.json"
    with open(path, "w") as file:
        json.dump({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
            {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 13},
            {"names": ["unshare", "sysinfo", "bpf"], "action": "SCMP_ACT_LOG"}]}, file)
    pod = Pod(node, "seccomp")
    own = pod.run(name="own", linux={"security_context": {"seccomp": {"profile_type": 2, "localhost_ref": path}}})
    t.matches("the pod's own holds", "Permission denied", own.sh("mkdir /tmp/x"))
    usual = pod.run(name="usual", linux={"security_context": {"seccomp": {"profile_type": 0}}})
    t.equal("the runtime's default is a filter", "2", usual.sh("awk '/^Seccomp:/ {print $2}' /proc/self/status"))
    t.equal("which refuses a fresh mount", "1", usual.sh("mount -t tmpfs none /tmp 2>/dev/null; echo $?"))
    if node.handler == "vnode":
        for name, container in (("under the pod's own", own), ("under the default", usual)):
            t.equal(f"ours holds too, {name}: bpf", "-1 1", container.exec("perl", "-e", SYSCALL.format("321, 0, 0, 0"))[1])
            t.equal(f"a user namespace, {name}", "-1 1", container.exec("perl", "-e", SYSCALL.format("272, 0x10000000"))[1])
            t.equal(f"sysinfo answers as meminfo, {name}", container.sh("awk '/^MemTotal/ {print $2}' /proc/meminfo"),
                    container.sh("free -k | awk '/^Mem/ {print $2}'"))


@case("AppArmor profiles", needs="apparmor")
def apparmor(t, node):
    profile = "/tmp/pods-deny"
    with open(profile, "w") as file:
        file.write("profile pods-deny flags=(attach_disconnected) {\n  file,\n  capability,\n  network,\n  signal,\n  deny /tmp/denied w,\n}\n")
    run("apparmor_parser", "-r", profile)
    pod = Pod(node, "apparmor")
    usual = pod.run(name="usual", linux={"security_context": {"apparmor": {"profile_type": 0}}})
    t.equal("the runtime's default", "cri-containerd.apparmor.d (enforce)", usual.sh("cat /proc/self/attr/current"))
    own = pod.run(name="own", linux={"security_context": {"apparmor": {"profile_type": 2, "localhost_ref": "pods-deny"}}})
    t.equal("the pod's own", "pods-deny (enforce)", own.sh("cat /proc/self/attr/current"))
    t.matches("holds", "Permission denied", own.sh("touch /tmp/denied"))
    t.equal("for what it names", "0", own.sh("touch /tmp/other; echo $?"))
    free = pod.run(name="free", linux={"security_context": {"apparmor": {"profile_type": 1}}})
    t.matches("none", r"^(\S+ \()?unconfined", free.sh("cat /proc/self/attr/current"))
    pod.remove()
    run("apparmor_parser", "-R", profile)


@case("privileged pods")
def privileged(t, node):
    pod = Pod(node, "privileged", linux={"security_context": {"privileged": True}})
    container = pod.run(linux={"security_context": {"privileged": True}})
    t.equal("it mounts", "0", container.sh("mkdir -p /m && mount -t tmpfs none /m && umount /m; echo $?"))
    bounding = int(re.search(r"CapBnd:\s+(\w+)", open("/proc/self/status").read()).group(1), 16)
    t.equal("it has all capabilities", str(bin(bounding & (1 << 38) - 1).count("1")), container.sh(
        "perl -e '$_ = `cat /proc/self/status`; /CapEff:\\s+(\\w+)/; $n = 0; $n += ((hex($1) >> $_) & 1) for 0..37; print $n'"))
    # busybox says of every file that root may write it: so it is written.
    write = "(echo 77 >/proc/sys/net/ipv4/ip_default_ttl) 2>/dev/null; cat /proc/sys/net/ipv4/ip_default_ttl"
    of_node = open("/proc/sys/net/ipv4/ip_default_ttl").read()
    t.equal("sysctls of the pod's network are written", "77", container.sh(write))
    t.equal("which are not the node's", of_node, open("/proc/sys/net/ipv4/ip_default_ttl").read())
    plain = Pod(node, "unprivileged").run()
    t.equal("by no pod without privilege", "64", plain.sh(write))
    if node.handler == "vnode":
        t.equal("devices of the node are not there", "", container.sh("ls -d /dev/vd* /dev/mem /dev/kmsg 2>/dev/null"))
        t.matches("nor the node's processes", r"^\d$|^[12]\d$", container.sh("ls -d /proc/[0-9]* | wc -l"))


@case("hostNetwork, hostPID and hostIPC")
def host_namespaces(t, node):
    names = ["net", "pid", "ipc", "uts"]
    of_node = {name: os.readlink(f"/proc/self/ns/{name}") for name in names}
    pod = Pod(node, "hosts", linux={"security_context": {"namespace_options": {"network": NODE, "pid": NODE, "ipc": NODE}}})
    container = pod.run()
    of_pod = dict(zip(names, container.sh("for n in net pid ipc uts; do readlink /proc/self/ns/$n; done").split()))
    if node.handler == "runc":
        t.equal("they are the node's", [of_node[n] for n in ["net", "pid", "ipc"]], [of_pod[n] for n in ["net", "pid", "ipc"]])
        return
    t.equal("they are not the node's", [], [n for n in names if of_pod[n] == of_node[n]])
    t.matches("there is an address to speak to oneself", "127.0.0.1", container.sh("ip -4 -o addr show lo"))
    neighbour = Pod(node, "neighbour")
    plain = neighbour.run(["sleep", "31337"])
    seen = container.sh("ps -o args | grep -c '^sleep 31337'")
    t.equal("hostPID sees the vNode's processes", "1" if node.pods_mode == "per-namespace" else "0", seen)
    t.equal("and none of the node's", "0", container.sh("ps -o args | grep -c containerd$"))


@case("shareProcessNamespace")
def shared_processes(t, node):
    pod = Pod(node, "shared", linux={"security_context": {"namespace_options": {"pid": 0}}})
    one = pod.run(["sleep", "3131"], name="one")
    two = pod.run(name="two")
    t.equal("containers of the pod see each other", "1", two.sh("ps -o args | grep -c '^sleep 3131'"))
    t.equal("and signal each other", 137, (two.sh("kill -9 $(ps -o pid,args | awk '$2 == \"sleep\" && $3 == 3131 {print $1}')"), one.exited().exit_code)[1])


@case("pods in plain and in shared namespaces")
def plain_processes(t, node):
    pod = Pod(node, "plain")
    one, two = pod.run(["sleep", "3232"], name="one"), pod.run(name="two")
    seen = two.sh("ps -o args | grep -c '^sleep 3232'")
    # In a vNode processes are the vNode's, as the documentation says.
    t.equal("containers of the pod do not see each other, unless in a vNode", "0" if node.handler == "runc" else "1", seen)
    t.equal("they share the network", one.sh("readlink /proc/self/ns/net"), two.sh("readlink /proc/self/ns/net"))
    t.equal("and IPC", one.sh("readlink /proc/self/ns/ipc"), two.sh("readlink /proc/self/ns/ipc"))
    t.true("not the mounts", one.sh("readlink /proc/self/ns/mnt") != two.sh("readlink /proc/self/ns/mnt"))
