"""One container: its life, its terminal, what an engine is asked beside it."""

import json
import os
import socket

from checks import case, expect, has
from shim import Container, run


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
    """--version is the engine's, and features are, less what a pod in a vNode cannot have"""
    has(machine.runtime("--version").stdout, os.path.basename(machine.engine), "vnode-runtime")
    ended = machine.runtime("features")
    if os.path.basename(machine.engine) == "runc":
        features = json.loads(ended.stdout)
        expect("hooks", features["hooks"], [])
        assert "rbind" in features["mountOptions"] and "CAP_CHOWN" in features["linux"]["capabilities"]
    elif ended.returncode:
        has(ended.log, "features: status")


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


@case
def faulty_configuration(machine):
    """a slip in the configuration makes nothing new; containers that are there are listed, entered and ended"""
    one = Container(machine, "container1", ["sleep", "60"]).begin()
    wrong = {"VNODE_PER_POD": "yes"}
    two = Container(machine, "container2", ["true"])
    ended = two.create(env=wrong)
    expect("create", ended.returncode, 1)
    has(json.loads(ended.log)["msg"], "VNODE_PER_POD", "true or false")
    ended = machine.runtime("state", "container1", env=wrong)
    expect("status", json.loads(ended.stdout)["status"], "running")
    warning = json.loads(ended.log.split("\n")[0])
    expect("level", warning["level"], "warning")
    has(warning["msg"], "VNODE_PER_POD", "true or false")
    expect("exec", machine.runtime("exec", "container1", "/bin/echo", "on", env=wrong).stdout.strip(), "on")
    expect("kill", machine.runtime("kill", "container1", "KILL", env=wrong).returncode, 0)
    expect("ended", one.wait(), -9)
    expect("delete", machine.runtime("delete", "--force", "container1", env=wrong).returncode, 0)
    expect("delete of the unknown", machine.runtime("delete", "--force", "container2", env=wrong).returncode, 0)
    expect("vNodes", machine.vnodes(), [])
    one.unmount()
    two.unmount()


@case
def another_engine(machine):
    """a container is its engine's to its end, whatever the node's is by then"""
    one = Container(machine, "container1", ["sleep", "60"]).begin()
    other = {"VNODE_ENGINE": "/bin/false"}
    expect("status", json.loads(machine.runtime("state", "container1", env=other).stdout)["status"], "running")
    expect("exec", machine.runtime("exec", "container1", "/bin/echo", "on", env=other).stdout.strip(), "on")
    expect("kill", machine.runtime("kill", "container1", "KILL", env=other).returncode, 0)
    expect("ended", one.wait(), -9)
    expect("delete", machine.runtime("delete", "container1", env=other).returncode, 0)
    expect("vNodes", machine.vnodes(), [])
    one.unmount()


@case
def moved_engine(machine):
    """an engine that knows nothing of a container that runs is not believed"""
    one = Container(machine, "container1", ["sleep", "60"]).begin()
    record = f"{machine.state}/containers/" + next(name for name in os.listdir(machine.state + "/containers") if name.endswith(",container1"))
    whole = json.load(open(record))
    real = whole.pop("engine")
    expect("on record", os.path.realpath(real), real)
    other = machine.scratch + "/other"
    with open(other + ".c", "w") as file:
        file.write("""#include <stdio.h>
            #include <string.h>
            int main(int count, char **words) {
                for (int i = 0; i + 1 < count; i++)
                    if (!strcmp(words[i], "--log")) fputs("container does not exist\\n", fopen(words[i + 1], "w"));
                return 1;
            }""")
    run("gcc", "-o", other, other + ".c")
    with open(record, "w") as file:
        json.dump(dict(whole, engine=other), file)
    ended = machine.runtime("delete", "container1")
    expect("delete", ended.returncode, 1)
    with open(record, "w") as file:
        json.dump(dict(whole, engine=real), file)
    expect("it runs", json.loads(machine.runtime("state", "container1").stdout)["status"], "running")
    one.end()
    expect("vNodes", machine.vnodes(), [])
