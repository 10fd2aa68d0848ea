"""The node: containerd, its configuration, and what must be as before when all pods are gone."""
import glob, json, os, re, subprocess, time
import grpc
from .cri import CRI

SHARE = "/usr/local/share/pods"
CONFIG = "/etc/containerd/config.toml"


def run(*command, check=True, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout.strip()


def read(path):
    with open(path) as file:
        return file.read().strip()


class Node:
    def __init__(self, handler, pods_mode, cgroups, engine, lacks):
        self.handler, self.pods_mode, self.cgroups, self.engine, self.lacks = handler, pods_mode, cgroups, engine, lacks
        self.pods = []
        enabled = "/sys/module/apparmor/parameters/enabled"
        if not os.path.exists("/usr/sbin/apparmor_parser") or not os.path.exists(enabled) or read(enabled) != "Y":
            self.lacks.append("apparmor")
        self.kernel = tuple(int(part) for part in re.findall(r"\d+", os.uname().release)[:2])
        self.version = re.search(r" v?(\d+\.\d+\.\d+)", run("containerd", "--version")).group(1)
        if self.version.startswith("1."):
            self.lacks.append("images")
        self.cri = None

    # containerd

    def configure(self):
        """CNI, and containerd with the handler runc; vnode comes by its installer."""
        os.makedirs("/etc/cni/net.d", exist_ok=True)
        with open("/etc/cni/net.d/10-pods.conflist", "w") as file:
            json.dump({"cniVersion": "0.4.0", "name": "pods", "plugins": [
                {"type": "bridge", "bridge": "cni0", "isGateway": True, "ipMasq": False, "hairpinMode": True, "ipam": {
                    "type": "host-local", "ranges": [[{"subnet": "10.88.0.0/16"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
                {"type": "portmap", "capabilities": {"portMappings": True}}]}, file)
        options = f"SystemdCgroup = {str(self.cgroups == 'systemd').lower()}\n"
        if self.engine != "runc":
            options += f'BinaryName = "/usr/bin/{self.engine}"\n'
        if self.version.startswith("1."):
            text = f"""version = 2
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "localhost/pause:1"
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "/etc/cni/net.d"
[plugins."io.containerd.grpc.v1.cri".containerd]
default_runtime_name = "runc"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
{options}"""
        else:
            text = f"""version = 3
[plugins.'io.containerd.cri.v1.images'.pinned_images]
sandbox = "localhost/pause:1"
[plugins.'io.containerd.cri.v1.runtime'.cni]
bin_dirs = ["/usr/lib/cni"]
conf_dir = "/etc/cni/net.d"
[plugins.'io.containerd.cri.v1.runtime'.containerd]
default_runtime_name = "runc"
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
{options}"""
        # With 20 pods and an emulated CPU that others use it needs more than systemd gives it.
        os.makedirs("/run/systemd/system/containerd.service.d", exist_ok=True)
        with open("/run/systemd/system/containerd.service.d/patience.conf", "w") as file:
            file.write("[Service]\nTimeoutStartSec=600\n")
        os.makedirs(os.path.dirname(CONFIG), exist_ok=True)
        with open(CONFIG, "w") as file:
            file.write(text)

    def start(self):
        self.add_cgroup()
        run("systemctl", "restart", "containerd")
        self.connect()
        present = run("ctr", "-n", "k8s.io", "images", "ls", "-q")
        for name in ["pause", "tools"]:
            if f"localhost/{name}:1" not in present:
                run("ctr", "-n", "k8s.io", "images", "import", f"{SHARE}/{name}.tar")

    def connect(self, seconds=60):
        if self.cri:
            self.cri.close()
        self.cri = CRI()
        end = time.time() + seconds
        while True:
            try:
                conditions = {c.type: c for c in self.cri.call("Status").status.conditions}
                if all(c.status for c in conditions.values()):
                    return
                problem = [c.message for c in conditions.values() if not c.status]
            except grpc.RpcError as error:
                problem = error.details()
            if time.time() > end:
                raise RuntimeError(f"containerd is not ready after {seconds} s: {problem}")
            time.sleep(0.3)

    # the cgroups the kubelet makes

    def add_cgroup(self, uid=None):
        """That of a pod of the class best effort, or without one that of all of them; its name, as the driver has it."""
        if self.cgroups == "systemd":
            unit = "kubepods-besteffort" + (f"-pod{uid.replace('-', '_')}" if uid else "") + ".slice"
            run("systemctl", "start", unit)
            return unit
        path = "/kubepods/besteffort" + (f"/pod{uid}" if uid else "")
        os.makedirs("/sys/fs/cgroup" + path, exist_ok=True)
        if "limits" in self.lacks:
            return path
        for above in ["", "/kubepods", "/kubepods/besteffort", path]:
            for controller in read(f"/sys/fs/cgroup{above}/cgroup.controllers").split():
                with open(f"/sys/fs/cgroup{above}/cgroup.subtree_control", "w") as file:
                    file.write("+" + controller)
        return path

    def remove_cgroup(self, name):
        if self.cgroups == "systemd":
            run("systemctl", "stop", name)
        else:
            os.rmdir("/sys/fs/cgroup" + name)

    # what is there

    def remove_all(self):
        for pod in reversed(list(self.pods)):
            try:
                pod.remove()
            except grpc.RpcError as error:
                print(f"# removing {pod.name}: {error.details()}", flush=True)
                pod.forget()

    def vnodes(self):
        listing = subprocess.run(["vnode", "list", "--format", "json"], capture_output=True, text=True).stdout
        return json.loads(listing or "[]")

    @staticmethod
    def init_pid_of(container):
        """The first process of the vNode a container is in."""
        namespace = os.readlink(f"/proc/{container.task_pid()}/ns/pid")
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                status = open(f"/proc/{pid}/status").read()
                if os.readlink(f"/proc/{pid}/ns/pid") == namespace and re.search(r"^NSpid:.*\t1$", status, re.M):
                    return int(pid)
            except OSError:
                continue
        return 0

    def traces(self):
        """Everything a pod could leave behind."""
        found = set()
        for line in open("/proc/self/mountinfo"):
            fields = line.split()
            found.add("mount " + " ".join([fields[4], *fields[fields.index("-") + 1:][:1]]))
        for directory, _, _ in os.walk("/sys/fs/cgroup"):
            if not re.search(r"/(system|user|init)\.(slice|scope)", directory) or "vnode" in directory or "cri-" in directory:
                found.add("cgroup " + directory)
        for pattern in ["/run/netns/*", "/run/containerd/io.containerd.*/*/*", "/run/containerd/runc/*/*", "/run/vnode/**", "/run/runc/*",
                        "/run/containerd/fifo/*", "/run/containerd/s/*"]:
            found |= {"file " + name for name in glob.glob(pattern, recursive=True)}
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                command = open(f"/proc/{pid}/cmdline").read().split("\0")[0]
            except OSError:
                continue
            if re.search("shim|runc|vnode-init|catatonit|vnode-runtime", command):
                found.add(f"process {command}")
        found |= {"interface " + name for name in os.listdir("/sys/class/net")}
        return found
