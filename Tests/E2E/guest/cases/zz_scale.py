"""A hundred pods: nothing is left, and what they cost beside plain runc."""
import concurrent.futures, os, re, time
from pods.checks import case
from pods.pod import Pod

COUNT = int(os.environ.get("PODS") or 100)
AT_ONCE = 4
ROUNDS = int(os.environ.get("ROUNDS") or 3)


def memory_used():
    with open("/proc/meminfo") as file:
        fields = {line.split(":")[0]: int(line.split()[1]) for line in file}
    return fields["MemTotal"] - fields["MemAvailable"]


def latency(node, handler, count):
    """Median of sandbox and container, in seconds, one after the other."""
    found = []
    for number in range(count):
        began = time.time()
        pod = Pod(node, f"l{number}", f"latency-{handler}-{number}", handler=handler)
        pod.run()
        found.append(time.time() - began)
        pod.remove()
    return sorted(found)[count // 2]


@case("start latency beside runc", only="vnode")
def latencies(t, node):
    # In turn, so that what else the machine does meets both.
    ours, plain = [], []
    keeper = Pod(node, "keeper", "kept")
    kept = []
    for number in range(5):
        plain.append(latency(node, "runc", 1))
        ours.append(latency(node, "vnode", 1))
        began = time.time()
        pod = Pod(node, f"k{number}", "kept")
        pod.run()
        kept.append(time.time() - began)
        pod.remove()
    middle = lambda values: sorted(values)[len(values) // 2]
    t.note(f"pod start, median of 5: runc {middle(plain):.2f} s; vnode, its vNode new {middle(ours):.2f} s ({middle(ours) / middle(plain):.2f} x); "
           f"vnode, in a vNode that is up {middle(kept):.2f} s ({middle(kept) / middle(plain):.2f} x)")
    t.true("it was measured", middle(plain) > 0)


@case("memory beside runc", only="vnode")
def memory(t, node):
    cost = {"runc": [], "vnode": []}
    # In turn: what else the machine does is more than the difference.
    for handler in ["runc", "vnode"] * ROUNDS:
        time.sleep(2)
        before = memory_used()
        pods = [Pod(node, f"m{number}", f"memory-{number}", handler=handler) for number in range(8)]
        for pod in pods:
            pod.run()
        time.sleep(2)
        cost[handler].append((memory_used() - before) / len(pods))
        for pod in pods:
            pod.remove()
    runc, ours = (sorted(cost[handler])[ROUNDS // 2] for handler in ("runc", "vnode"))
    more = sorted(b - a for a, b in zip(cost["runc"], cost["vnode"]))
    t.note(f"memory a pod, of 8, medians of {ROUNDS}: runc {runc:.0f} KB, vnode {ours:.0f} KB ({ours / max(runc, 1):.2f} x); "
           f"more by {more[0]:.0f} to {more[-1]:.0f} KB, median {more[ROUNDS // 2]:.0f}")
    t.true("it was measured", runc > 0, cost)


@case(f"{COUNT} pods come and go")
def hundred(t, node):
    Pod(node, "warm").run()
    node.remove_all()
    before = node.traces()

    done = 0

    def one(number):
        nonlocal done
        pod = Pod(node, f"p{number}", f"n{number % 7}")
        state = pod.run().status().state
        pod.remove()
        done += 1
        if done % 20 == 0:
            t.note(f"{done} of {COUNT} after {time.time() - began:.0f} s")
        return state

    began = time.time()
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        states = list(pool.map(one, range(COUNT)))
    t.note(f"{COUNT} pods, {AT_ONCE} at once: {time.time() - began:.0f} s")
    t.equal("all ran", COUNT, states.count(1))
    t.eventually("nothing is left", [], lambda: sorted(node.traces() - before), seconds=30)
