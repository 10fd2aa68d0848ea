"""Pods and containers as the kubelet makes them."""
import os, shutil, subprocess, time, uuid
import grpc
from .streams import Stream

TOOLS, POD, CONTAINER, NODE = "localhost/tools:1", 0, 1, 2
# What the kubelet asks for where nothing else is said (procMount: Default).
MASKED = ["/proc/asound", "/proc/acpi", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
          "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap"]
READONLY = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
FOREVER = ["sleep", "100000"]


def merged(base, more):
    result = dict(base)
    for key, value in more.items():
        result[key] = merged(result[key], value) if isinstance(value, dict) and isinstance(result.get(key), dict) else value
    return result


def failure(function):
    """What CRI says of it."""
    try:
        function()
    except grpc.RpcError as error:
        return error.details()
    return "it did not fail"


class Pod:
    def __init__(self, node, name="pod", namespace="default", handler=None, seconds=120, **config):
        self.node, self.name, self.namespace, self.uid = node, name, namespace, str(uuid.uuid4())
        self.directory = f"/var/lib/kubelet/pods/{self.uid}"
        self.logs = f"/var/log/pods/{namespace}_{name}_{self.uid}"
        os.makedirs(self.logs)
        os.makedirs(self.directory + "/volumes")
        security = {"namespace_options": {"network": POD, "pid": CONTAINER, "ipc": POD}}
        self.cgroup = node.add_cgroup(self.uid)
        self.config = merged({
            "metadata": {"name": name, "namespace": namespace, "uid": self.uid}, "hostname": name, "log_directory": self.logs,
            "linux": {"cgroup_parent": self.cgroup, "security_context": security},
        }, config)
        if self.config["linux"]["security_context"]["namespace_options"].get("network") == NODE:
            del self.config["hostname"]
        self.containers, self.id = [], None
        handler = node.handler if handler is None else handler
        node.pods.append(self)
        self.id = self.cri.call("RunPodSandbox", {"config": self.config, "runtime_handler": handler}, seconds).pod_sandbox_id

    @property
    def cri(self):
        # The node's present connection: containerd may have been restarted.
        return self.node.cri

    def create(self, command=FOREVER, name="main", attempt=0, **options):
        """CreateContainer alone."""
        pod = self.config["linux"]["security_context"]
        security = {"namespace_options": pod["namespace_options"]}
        config = merged({
            "metadata": {"name": name, "attempt": attempt}, "image": {"image": TOOLS}, "command": command,
            "log_path": f"{name}-{attempt}.log", "linux": {"security_context": security},
            "mounts": [],
        }, options)
        if not config["linux"]["security_context"].get("privileged"):
            config["linux"]["security_context"].update({"masked_paths": MASKED, "readonly_paths": READONLY})
        answer = self.cri.call("CreateContainer", {"pod_sandbox_id": self.id, "config": config, "sandbox_config": self.config})
        container = Container(self, answer.container_id, f"{self.logs}/{name}-{attempt}.log")
        self.containers.append(container)
        return container

    def run(self, command=FOREVER, **options):
        container = self.create(command, **options)
        container.start()
        return container

    def volume(self, name, kind="kubernetes.io~empty-dir"):
        path = f"{self.directory}/volumes/{kind}/{name}"
        os.makedirs(path)
        os.chmod(path, 0o777)
        return path

    def status(self):
        return self.cri.call("PodSandboxStatus", {"pod_sandbox_id": self.id}).status

    def stop(self):
        self.cri.call("StopPodSandbox", {"pod_sandbox_id": self.id})

    def remove(self):
        if self.id:
            self.stop()
            self.cri.call("RemovePodSandbox", {"pod_sandbox_id": self.id})
        self.forget()

    def forget(self):
        mounts = [line.split()[4] for line in open("/proc/self/mountinfo") if f" {self.directory}/" in line]
        for mount in reversed(mounts):
            subprocess.run(["umount", mount])
        shutil.rmtree(self.directory, ignore_errors=True)
        shutil.rmtree(self.logs, ignore_errors=True)
        if self in self.node.pods:
            self.node.pods.remove(self)
            self.node.remove_cgroup(self.cgroup)


class Container:
    def __init__(self, pod, id, log):
        self.pod, self.id, self.log = pod, id, log

    @property
    def cri(self):
        return self.pod.cri

    def start(self):
        self.cri.call("StartContainer", {"container_id": self.id})

    def exec(self, *command, seconds=0):
        """Exit code and output of a command in it, standard error behind."""
        answer = self.cri.call("ExecSync", {"container_id": self.id, "cmd": list(command), "timeout": seconds})
        return answer.exit_code, (answer.stdout + answer.stderr).decode(errors="replace").strip()

    def sh(self, script):
        return self.exec("sh", "-c", script)[1]

    def stream(self, method, **request):
        return Stream(self.cri.call(method, {"container_id": self.id, "stdout": True, **request}).url)

    def status(self):
        return self.cri.call("ContainerStatus", {"container_id": self.id}).status

    def exited(self, seconds=60):
        """Its status once it has ended."""
        end = time.time() + seconds
        while (status := self.status()).state != 2 and time.time() < end:
            time.sleep(0.1)
        return status

    def output(self):
        """What it wrote, without what CRI puts before each line."""
        with open(self.log) as file:
            return "\n".join(line.rstrip("\n").split(" ", 3)[3] for line in file)

    def task_pid(self):
        """Pid on the node, as the shim has it from the pid file."""
        found = subprocess.run(["ctr", "-n", "k8s.io", "tasks", "ls"], capture_output=True, text=True).stdout
        return next((int(line.split()[1]) for line in found.splitlines() if line.startswith(self.id)), 0)

    def cgroup(self):
        with open(f"/proc/{self.task_pid()}/cgroup") as file:
            return "/sys/fs/cgroup" + file.read().strip().split("::", 1)[1]

    def update(self, **resources):
        self.cri.call("UpdateContainerResources", {"container_id": self.id, "linux": resources})

    def stop(self, seconds=10):
        self.cri.call("StopContainer", {"container_id": self.id, "timeout": seconds})

    def remove(self):
        self.cri.call("RemoveContainer", {"container_id": self.id})
        self.pod.containers.remove(self)
