#!/usr/bin/python3
"""Runs cases against a handler of containerd and prints a line a check.

usage: main.py [--handler runc|vnode] [--pods per-namespace|per-pod] [--lacks limits,systemd] [PATTERN...]
A pattern matches the name of a case's file.
"""
import argparse, fnmatch, glob, importlib, os, sys, time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from pods import checks
from pods.node import Node


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--handler", default="runc")
    parser.add_argument("--pods", default="per-namespace")
    parser.add_argument("--lacks", default="")
    parser.add_argument("patterns", nargs="*", default=["[a-z]*"])
    options = parser.parse_args()

    node = Node(options.handler)
    node.pods_mode = options.pods
    node.lacks = options.lacks.split(",")
    began = time.time()
    node.configure()
    if options.handler == "vnode":
        from pods import install
        install.install(node)
    node.start()
    print(f"# containerd {node.version} ready after {time.time() - began:.1f} s", flush=True)

    sys.stdout.flush()
    found = checks.Checks(options.handler if options.handler == "runc" else f"vnode {options.pods}")
    for path in sorted(glob.glob(os.path.join(os.path.dirname(os.path.abspath(__file__)), "cases/*.py"))):
        name = os.path.basename(path)[:-3]
        if not any(fnmatch.fnmatch(name, pattern) for pattern in options.patterns):
            continue
        # Cases appear in the order they are written in.
        start = len(checks.cases)
        importlib.import_module(f"cases.{name}")
        for title, only, needs, function in checks.cases[start:]:
            if (only and only not in (options.handler, options.pods)) or needs in node.lacks:
                continue
            found.run(title, function, node)
    return 1 if found.failed else 0


sys.exit(main())
