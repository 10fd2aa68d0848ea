"""What every pod needs: images, commands, exit codes, logs, names, the network."""
import socket
from pods.checks import case
from pods.node import read, run
from pods.pod import FOREVER, Pod


@case("a container runs")
def runs(t, node):
    pod = Pod(node, "first")
    t.equal("the sandbox is ready", 0, pod.status().state)
    container = pod.run(["sh", "-c", "echo out; echo err >&2; exec sleep 1000"])
    t.equal("it is running", 1, container.status().state)
    t.equal("exec answers", (0, "hello"), container.exec("echo", "hello"))
    t.equal("exec passes on the exit code", 7, container.exec("sh", "-c", "exit 7")[0])
    t.equal("exec of what is not there fails", True, container_exec_fails(container))
    t.eventually("its output is logged", ["err", "out"], lambda: sorted(container.output().split()))
    t.equal("it has its pod's host name", "first", container.sh("hostname"))
    address = pod.status().network.ip
    t.matches("the pod has an address", r"^10\.88\.", address)
    t.equal("the container has the same", address, container.sh("ip -4 -o addr show eth0 | awk '{print $4}' | cut -d/ -f1"))
    t.equal("the loopback is up", 0, ping(container, "127.0.0.1"))
    t.equal("the gateway answers", 0, ping(container, "10.88.0.1"))
    t.equal("root listens on a low port", "0", container.sh("timeout 1 nc -l -p 80 2>&1 | grep -c -i denied").split()[0])
    pod_ids = [p.id for p in node.cri.call("ListPodSandbox").items]
    t.equal("the list has the pod", [pod.id], pod_ids)


@case("who may speak to a pod")
def network(t, node):
    pod = Pod(node, "listener")
    pod.run(["sh", "-c", "while :; do echo hello | nc -l -p 80; done"])
    address = pod.status().network.ip

    def from_node():
        try:
            with socket.create_connection((address, 80), timeout=2) as connection:
                return connection.recv(64)
        except OSError as error:
            return str(error)

    t.eventually("the node, as the kubelet's probes", b"hello\n", from_node)
    other = Pod(node, "other", "elsewhere").run()
    t.eventually("another pod", "hello", lambda: other.sh(f"nc -w 2 {address} 80 </dev/null"))


DATAGRAM = """
socket(S, 2, 2, 1) or exit 2;
alarm 5;
send(S, pack('C C n n n', 8, 0, 0, 0, 1), 0, pack('S n C4 x8', 2, 0, split /[.]/, shift)) or exit 3;
recv(S, $_, 99, 0);
exit ord
"""


def ping(container, address):
    """busybox's knows raw sockets only since 1.38, and a vNode has none: then as other pings do without."""
    return container.exec("ping", "-c", "1", "-W", "2", address)[0] and container.exec("perl", "-e", DATAGRAM, address)[0]


def container_exec_fails(container):
    import grpc
    try:
        return container.exec("/no/such/program")[0] != 0
    except grpc.RpcError:
        return True


@case("exit codes and signals")
def exits(t, node):
    pod = Pod(node, "exits")
    t.equal("exit code", 3, pod.run(["sh", "-c", "exit 3"], name="three").exited().exit_code)
    polite = pod.run(["sh", "-c", "trap 'exit 5' TERM; while :; do sleep 0.1; done"], name="polite")
    polite.stop()
    t.equal("TERM reaches it", 5, polite.exited().exit_code)
    deaf = pod.run(["sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"], name="deaf")
    deaf.stop(1)
    t.equal("after the grace period it is killed", 137, deaf.exited().exit_code)
    own = pod.run(["perl", "-e", "kill 9, $$ if fork == 0; wait; exit($? & 127)"], name="own")
    t.equal("a signal inside is seen inside", 9, own.exited().exit_code)


@case("a container restarts")
def restarts(t, node):
    pod = Pod(node, "restarts")
    first = pod.run(["sh", "-c", "exit 1"])
    t.equal("the first attempt ended", 1, first.exited().exit_code)
    second = pod.run(attempt=1)
    t.equal("the second runs", 1, second.status().state)
    first.remove()
    t.equal("and still does when the first is removed", (0, "on"), second.exec("echo", "on"))


@case("init containers")
def init_containers(t, node):
    pod = Pod(node, "inits")
    volume = pod.volume("work")
    mounts = [{"container_path": "/work", "host_path": volume}]
    init = pod.run(["sh", "-c", "echo prepared >/work/file"], name="init", mounts=mounts)
    status = init.exited()
    t.equal("the first ends", (0, "Completed"), (status.exit_code, status.reason))
    main = pod.run(["sh", "-c", "cat /work/file; exec sleep 1000"], mounts=mounts)
    t.eventually("the next finds what it left", "prepared", main.output)


@case("exec with a terminal")
def terminal(t, node):
    pod = Pod(node, "terminal")
    container = pod.run()
    stream = container.stream("Exec", cmd=["sh"], tty=True, stdin=True)
    stream.resize(93, 41)
    stream.write(b"stty size; tty; echo ma''rk\n")
    t.true("the shell answers", stream.until(b"mark\r\n"), stream.output)
    t.matches("the terminal has the size it was given", r"41 93", stream.output[1].decode())
    t.matches("and is one of the container's", r"/dev/(pts/\d+|console)", stream.output[1].decode())
    stream.write(b"exit 4\n")
    t.equal("exit code", 4, stream.finish())
    plain = container.stream("Exec", cmd=["sh", "-c", "cat; echo e >&2; exit 6"], stdin=True, stderr=True)
    plain.write(b"through\n")
    t.true("without a terminal input goes through", plain.until(b"through\n"), plain.output)


@case("attach")
def attach(t, node):
    pod = Pod(node, "attach")
    container = pod.run(["sh", "-c", "while read line; do echo got $line; done"], stdin=True, tty=True)
    stream = container.stream("Attach", stdin=True, tty=True)
    # What comes before the streams are joined goes nowhere.
    arrived = any(stream.write(b"word\n") or stream.until(b"got word", seconds=5) for _ in range(6))
    t.true("input arrives and output comes back", arrived, stream.output)
    stream.socket.close()


@case("stats, update and pause", needs="limits")
def resources(t, node):
    pod = Pod(node, "resources")
    container = pod.run(linux={"resources": {"memory_limit_in_bytes": 64 << 20, "cpu_period": 100000, "cpu_quota": 50000}})
    stats = node.cri.call("ContainerStats", {"container_id": container.id}).stats
    t.true("memory is counted", stats.memory.working_set_bytes.value > 0, stats.memory)
    t.true("CPU time is counted", stats.cpu.usage_core_nano_seconds.value > 0, stats.cpu)
    cgroup = container.cgroup()
    t.equal("the memory limit is set", "67108864", read(cgroup + "/memory.max"))
    t.equal("the CPU limit is set", "50000 100000", read(cgroup + "/cpu.max"))
    container.update(memory_limit_in_bytes=96 << 20, cpu_period=100000, cpu_quota=150000)
    t.equal("a limit can be changed", "100663296", read(cgroup + "/memory.max"))
    t.equal("the CPU's too", "150000 100000", read(cgroup + "/cpu.max"))
    ctr = lambda *arguments: run("ctr", "-n", "k8s.io", "tasks", *arguments)
    ctr("pause", container.id)
    t.equal("it can be paused", "1", read(cgroup + "/cgroup.freeze"))
    ctr("resume", container.id)
    t.equal("and resumed", (0, "on"), container.exec("echo", "on"))


@case("out of memory", needs="limits")
def out_of_memory(t, node):
    pod = Pod(node, "oom")
    container = pod.run(["perl", "-e", "my @a; push @a, 'x' x (1 << 20) while 1"],
                        linux={"resources": {"memory_limit_in_bytes": 32 << 20, "memory_swap_limit_in_bytes": 32 << 20}})
    t.equal("it is killed", 137, container.exited().exit_code)
    # What happened to the cgroup and that the process has ended are two events, in any order.
    t.eventually("and reported as out of memory", "OOMKilled", lambda: container.status().reason)


@case("probes")
def probes(t, node):
    import grpc
    container = Pod(node, "probes").run()
    t.equal("a probe that fails", 1, container.exec("test", "-e", "/none", seconds=10)[0])
    try:
        got = container.exec("sleep", "100", seconds=1)
    except grpc.RpcError as error:
        got = error.code().name
    t.equal("a probe that takes too long", "DEADLINE_EXCEEDED", got)
    t.equal("the container goes on", (0, "on"), container.exec("echo", "on"))


@case("pid files hold pids of the node")
def pids(t, node):
    container = Pod(node, "pids").run(["sleep", "4242"])
    command = open(f"/proc/{container.task_pid()}/cmdline").read()
    t.equal("the task's pid is the command's", "sleep\0" + "4242\0", command)
