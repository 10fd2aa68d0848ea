"""What pods do not notice."""
import os, signal, subprocess, time
from pods.checks import case
from pods.node import run
from pods.pod import Pod

COUNT = int(os.environ.get("PODS") or 20)
# Reads what vnode-fs answers, over and over, and says when something is not as it was: the memory, by file and by system call, and the
# uptime, which grows.
WATCH = """
total=$(awk '/^MemTotal/ {print $2}' /proc/meminfo)
up=0
while :; do
    [ "$(awk '/^MemTotal/ {print $2}' /proc/meminfo)" = "$total" ] || { echo meminfo; exit 1; }
    [ "$(free -k | awk '/^Mem/ {print $2}')" = "$total" ] || { echo sysinfo; exit 1; }
    now=$(cut -d. -f1 /proc/uptime)
    [ "$now" -ge "$up" ] || { echo uptime; exit 1; }
    up=$now
    sleep 0.5
done
"""


def worker():
    found = run("pgrep", "-f", "vnode-fs work", check=False).split() or run("pgrep", "-n", "vnode-fs").split()
    return int(found[-1])


def restarts_of(containers):
    return [container.id for container in containers if container.status().state != 1]


@case("20 pods and the death, the upgrade and the restart of what serves them")
def survival(t, node):
    # Each with another limit: no view may come to be another's.
    limit = lambda number: {} if "limits" in node.lacks else {"resources": {"memory_limit_in_bytes": (64 + number) << 20}}
    containers = [Pod(node, f"s{number}", f"n{number % 4}").run(["sh", "-c", WATCH], linux=limit(number)) for number in range(COUNT)]
    t.equal("all are up", [], restarts_of(containers))
    pids = [container.task_pid() for container in containers]
    if node.handler == "vnode":
        for number in range(3):
            killed = worker()
            os.kill(killed, signal.SIGKILL)
            time.sleep(2)
            t.true(f"worker {number} has a successor", worker() != killed, killed)
        t.equal("kill -9 of the worker", [], restarts_of(containers))
        if "systemd" not in node.lacks:
            os.kill(int(run("systemctl", "show", "-p", "MainPID", "--value", "vnode-fs")), signal.SIGKILL)
            time.sleep(5)
            t.equal("kill -9 of the supervisor", [], restarts_of(containers))
        old = worker()
        run("vnode-fs", "upgrade")
        time.sleep(2)
        t.true("the upgrade is another process", worker() != old, old)
        t.equal("an upgrade", [], restarts_of(containers))
        t.equal("new pods start", (0, "on"), Pod(node, "after", "n0").run().exec("echo", "on"))
    run("systemctl", "restart", "containerd")
    node.connect()
    t.equal("a restart of containerd", [], restarts_of(containers))
    t.equal("the same processes", pids, [container.task_pid() for container in containers])
    t.equal("which answer", (0, "on"), containers[0].exec("echo", "on"))
    if node.handler == "vnode":
        t.equal("and read their views", 0, containers[-1].exec("cat", "/proc/meminfo", "/proc/stat", "/proc/uptime")[0])
