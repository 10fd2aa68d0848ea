"""What fails says why and leaves nothing."""

import json
import os
import signal
import socket
import subprocess
import time

import shim
from checks import case, expect, has
from shim import Container, Pod, bind, run


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
    gone = f"{machine.kubelet}/pods/{pod.uid}/volumes/kubernetes.io~empty-dir/gone"
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
    # A directory is a cgroup there, and would be the vNode's to divide without bounds.
    bad(["vnode: staging /a: /sys/fs/cgroup/x: EPERM"], mounts=[bind("/sys/fs/cgroup/x", "/a")], pod=pod)
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
        # Its vNode was the container's alone and has gone with it, which is no reason to try again.
        expect("engines run", ended.log.count("could not set a limit"), 1)
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
def ending_vnode(machine):
    """a pod that comes while the vNode of its namespace ends, which takes its time with many processes, gets a new one"""
    for number in range(6):
        pod = Pod(machine, f"p{number}", "shop")
        script = "for i in $(seq 200); do sleep 60 & done; echo up; wait"
        old = Container(machine, f"old{number}", ["sh", "-c", script], pod, "sandbox").begin()
        for _ in range(100):
            if "up" in old.output():
                break
            time.sleep(0.05)
        os.kill(machine.vnode("ns-shop")["initProcess"]["pid"], signal.SIGKILL)
        new = Container(machine, f"new{number}", ["sleep", "60"], Pod(machine, f"q{number}", "shop"), "sandbox").begin()
        expect("delete", old.delete("--force").returncode, 0)
        old.wait()
        old.unmount()
        new.end()


@case
def same_identity(machine):
    """an id that is taken is refused and the container of it goes on"""
    one = Container(machine, "container1", ["sleep", "60"]).begin()
    ended = one.runtime("create", "--bundle", one.bundle, "container1")
    has(ended.log, "already exists")
    expect("status", json.loads(one.runtime("state", "container1").stdout)["status"], "running")
    one.end()


def killed_in_create(one, delay, env={}):
    """Its create is killed after so many seconds, if it has not ended."""
    command = [shim.BIN + "/vnode-runtime", "--root", shim.ROOT, "create", "--bundle", one.bundle, one.identity]
    creator = subprocess.Popen(command, env=one.machine.environment(env), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(delay)
    creator.kill()
    creator.wait()


def is_whole(machine):
    """Whether container1 waits to be started, as after any create: its own was killed too late, if at all."""
    for name in os.listdir(machine.state + "/containers"):
        if name.endswith(",container1"):
            return "process" in json.load(open(f"{machine.state}/containers/{name}"))
    return False


@case
def killed_creators_nobody_deletes(machine):
    """what a killed create has left and nobody deletes, its vNode too, goes with the next container that ends, or with vnode list"""
    for round, delay in enumerate((0.005, 0.01, 0.03, 0.06, 0.1, 0.15, 0.25, 0.35)):
        for mode in ("true", "false"):
            env = {"VNODE_PER_POD": mode}
            one = Container(machine, "container1", ["sleep", "60"], Pod(machine, "p1", "shop"), "sandbox")
            killed_in_create(one, delay, env)
            time.sleep(0.1)
            if is_whole(machine):
                one.delete("--force")
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
        killed_in_create(one, delay)
        time.sleep(0.1)
        if is_whole(machine):
            one.delete("--force")
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
        killed_in_create(one, delay)
        time.sleep(0.1)
        expect(f"delete after {delay} s", one.delete("--force").returncode, 0)
        shim.reap()
        # A vNode nobody got to use is found by the next pod.
        two = Container(machine, "container2", ["true"], Pod(machine, "p2", "shop"), "sandbox").begin()
        two.wait()
        two.end()
        one.unmount()
        expect(f"vNodes after {delay} s", machine.vnodes(), [])


def within(machine, name):
    """All that a container could leave in a vNode that lives on: mounts of staging and of the outer container, files beside them, cgroups,
    and what vnode-fs keeps for it."""
    state = machine.vnode(name)
    first = state["initProcess"]["pid"]
    workers = [int(pid) for pid in filter(str.isdigit, os.listdir("/proc")) if parent(pid) == machine.daemon.pid]
    found = {f"outer {mount}" for mount in mounts(first)}
    for pid in [machine.daemon.pid, *workers]:
        kinds = {}
        for descriptor in os.listdir(f"/proc/{pid}/fd"):
            try:
                target = os.readlink(f"/proc/{pid}/fd/{descriptor}")
            except OSError:
                continue
            kind = target.split(":")[0] if ":" in target else target
            kinds[kind] = kinds.get(kind, 0) + 1
            if kind == "mnt" and pid == machine.daemon.pid:
                found |= staging(f"/proc/{pid}/fd/{descriptor}")
        # Files it reads are opened when they are read first.
        found |= {f"{pid} holds {count} of {kind}" for kind, count in kinds.items() if kind in ("mnt", "pipe", "anon_inode")}
    for base, _, _ in os.walk(state["cgroup"]):
        found.add("cgroup " + base)
    views = subprocess.run([shim.BIN + "/vnode-fs", "metrics", "--socket", machine.socket], stdout=subprocess.PIPE, text=True).stdout
    return found | {"vnode-fs: " + line for line in views.split("\n") if line.startswith("views ")}


def parent(pid):
    try:
        return int(open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[1])
    except OSError:
        return 0


def mounts(pid):
    fields = (line.split() for line in open(f"/proc/{pid}/mountinfo"))
    return [" ".join([words[3], words[4], words[words.index("-") + 1]]) for words in fields]


def staging(path):
    """Of a mount namespace somebody holds."""
    ready, go = os.pipe(), os.pipe()
    namespace = os.open(path, os.O_RDONLY)
    child = os.fork()
    if child == 0:
        if shim.libc.setns(namespace, 0x20000) == 0:
            os.write(ready[1], " ".join(os.listdir("/inner")).encode() or b" ")
        os.close(ready[1])
        os.read(go[0], 1)
        os._exit(0)
    os.close(namespace)
    os.close(ready[1])
    names = os.read(ready[0], 65536).decode().split()
    found = {f"staging {mount}" for mount in mounts(child)} | {f"staging /inner/{name}" for name in names}
    os.write(go[1], b"x")
    os.waitpid(child, 0)
    for end in (ready[0], *go):
        os.close(end)
    return found


@case
def nothing_within(machine):
    """containers that fail, are killed in the making, restart and end leave nothing inside a vNode that lives on"""
    pod = Pod(machine, "p0", "shop")
    volume = pod.volume("work")
    keeper = Container(machine, "container0", ["sleep", "60"], pod, "sandbox").begin()

    def round():
        one = Container(machine, "container1", ["sh", "-c", "exit 3"], pod, mounts=[bind(volume, "/work")]).begin()
        one.execute("true")
        expect("exit", one.wait(), 3)
        one.end()
        two = Container(machine, "container2", ["true"], pod, mounts=[bind(volume, "/a"), bind("/etc/passwd", "/b")])
        expect("a mount that cannot be", two.create().returncode, 1)
        two.unmount()
        two = Container(machine, "container2", ["/no-such-program"], pod, mounts=[bind(volume, "/a")])
        expect("a program that is not there", two.create().returncode, 1)
        two.unmount()
        two = Container(machine, "container2", ["true"], pod)
        expect("at the very end", two.create("--pid-file", "/nowhere/pid").returncode, 1)
        two.unmount()

    def settled():
        """Threads of vnode-fs stay a second longer than there is something to do."""
        last = None
        for _ in range(40):
            found = within(machine, "ns-shop")
            if found == last:
                break
            last = found
            time.sleep(1.5)
        return last

    round()
    before = settled()
    for _ in range(5):
        round()
    for delay in (0.015, 0.03, 0.045):
        one = Container(machine, "container1", ["sleep", "60"], pod, mounts=[bind(volume, "/work")])
        killed_in_create(one, delay)
        expect(f"delete after {delay} s", one.delete("--force").returncode, 0)
        shim.reap()
        one.unmount()
    after = settled()
    expect("more, and less, inside", (sorted(after - before), sorted(before - after)), ([], []))
    keeper.end()
    pod.forget()
