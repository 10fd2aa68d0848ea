"""Cases and what they find: one line each, as the other suites of this project print them."""
import re, sys, time, traceback

cases = []


def case(name, only=None, needs=None):
    """A test. `only`: the handler it is about. `needs`: what not every machine has: limits, systemd, apparmor, images (as volumes)."""
    def register(function):
        cases.append((name, only, needs, function))
        return function
    return register


def one_line(value):
    return str(value).replace("\n", " | ")[:600]


class Checks:
    def __init__(self, handler):
        self.handler, self.failed, self.passed = handler, 0, 0
        self.case = ""

    def report(self, holds, name, expected, got):
        if holds:
            self.passed += 1
            print(f"ok - [{self.handler}] {self.case}: {name}", flush=True)
        else:
            self.failed += 1
            print(f"not ok - [{self.handler}] {self.case}: {name}: expected {one_line(expected)}, got {one_line(got)}", flush=True)
        return holds

    def equal(self, name, expected, got):
        return self.report(expected == got, name, repr(expected), repr(got))

    def true(self, name, value, got=""):
        return self.report(bool(value), name, "that it holds", got)

    def matches(self, name, pattern, got):
        return self.report(re.search(pattern, str(got)), name, pattern, got)

    def eventually(self, name, expected, read, seconds=15):
        end = time.time() + seconds
        got = read()
        while got != expected and time.time() < end:
            time.sleep(0.2)
            got = read()
        return self.equal(name, expected, got)

    def note(self, text):
        print(f"# {text}", flush=True)

    def run(self, name, function, node):
        self.case = name
        started = time.time()
        try:
            function(self, node)
        except Exception as error:
            details = getattr(error, "details", None)
            where = traceback.extract_tb(sys.exc_info()[2])
            line = next((f"{f.filename.rsplit('/', 1)[-1]}:{f.lineno}" for f in reversed(where) if "/cases/" in f.filename), "")
            self.report(False, "runs to its end", "no exception", f"{line} {details() if details else repr(error)}")
        try:
            node.remove_all()
        except Exception as error:
            self.report(False, "its pods are removed", "no exception", repr(error))
        self.note(f"{name}: {time.time() - started:.1f} s")
