#!/usr/bin/python3
"""Runs cases against a handler of containerd and prints a line a check.

usage: main.py [--handler runc|vnode] [--pods per-namespace|per-pod] [--cgroups cgroupfs|systemd] [--engine runc|crun]
               [--lacks limits,systemd] [PATTERN...]
A pattern matches the name of a case's file, and behind a colon the title of a case: basics, basics:*memory.
"""
import argparse, fnmatch, glob, importlib, os, sys, time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from pods import checks
from pods.node import Node


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--handler", default="runc")
    parser.add_argument("--pods", default="per-namespace")
    parser.add_argument("--cgroups", default="cgroupfs")
    parser.add_argument("--engine", default="runc")
    parser.add_argument("--lacks", default="")
    parser.add_argument("patterns", nargs="*", default=["[a-z]*"])
    options = parser.parse_args()

    node = Node(options.handler, options.pods, options.cgroups, options.engine, options.lacks.split(","))
    began = time.time()
    node.configure()
    if options.handler == "vnode":
        from pods import install
        install.install(node)
    node.start()
    print(f"# containerd {node.version} ready after {time.time() - began:.1f} s", flush=True)

    sys.stdout.flush()
    name = options.handler if options.handler == "runc" else f"vnode {options.pods}"
    found = checks.Checks(" ".join([name, *(word for word in (options.cgroups, options.engine) if word not in ("cgroupfs", "runc"))]))
    for path in sorted(glob.glob(os.path.join(os.path.dirname(os.path.abspath(__file__)), "cases/*.py"))):
        name = os.path.basename(path)[:-3]
        titles = [pattern.partition(":")[2] or "*" for pattern in options.patterns if fnmatch.fnmatch(name, pattern.partition(":")[0])]
        if not titles:
            continue
        # Cases appear in the order they are written in.
        start = len(checks.cases)
        importlib.import_module(f"cases.{name}")
        for title, only, needs, function in checks.cases[start:]:
            if not any(fnmatch.fnmatch(title, pattern) for pattern in titles) or needs in node.lacks:
                continue
            # Modes are those of the handler vnode.
            about = [options.handler] + [options.pods] * (options.handler == "vnode")
            if only and only not in about:
                continue
            found.run(title, function, node)
    return 1 if found.failed else 0


sys.exit(main())
