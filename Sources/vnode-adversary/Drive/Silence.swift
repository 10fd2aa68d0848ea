import Glibc
import Linux
import SystemPackage

/// A file system of the vNode's own that never answers, and system calls whose arguments lead into it: whoever answers them must not wait
/// for ever, nor keep others waiting.
extension Stage {
    func silence() throws {
        let device = scratch + "/fuse"
        try Kernel.call(.mknod, .text(device), .number(Int(S_IFCHR) | 0o666), .number(10 << 8 | 229))
        _ = unsafe chmod(device, 0o666)
        let calls = ["umount2", "mount"]
        var callers: [(call: String, name: String, job: Job)] = []
        for call in calls {
            let name = "\(names)-silent-\(call)"
            try run([programs.vnode, "run", "--name", name, "--device", "\(device):/dev/fuse", "--keep", "--", "true"])
            let job = try Job([programs.vnode, "exec", name, "--", "sh", "-c", Stage.receive("act silence \(call)")], errors: errors)
            job.send(file: programs.own)
            job.closeInput()
            let said = job.line(seconds: 60) ?? "nothing"
            if said != "silent" { return fail("a file system that never answers", said) }
            callers.append((call, name, job))
        }
        func goesOn(_ name: String) -> Finding {
            let script = "mkdir -p /tmp/fresh && mount -t proc proc /tmp/fresh && umount /tmp/fresh"
            do { try run([programs.vnode, "exec", name, "--", "sh", "-c", script], seconds: 120) } catch { return .breached("\(error)") }
            return .contained("mounts and unmounts")
        }
        report.add(Row("broker", "the other vNode meanwhile", goesOn(other), .broker))
        for (call, name, job) in callers {
            let words = (job.line(seconds: 120) ?? "no answer").split(separator: " ")
            let error = words.count == 2 && words[0] == "answered" ? CInt(words[1]) : nil
            report.add(
                Row(
                    "broker", "\(call) of a path that never leads anywhere",
                    error.map { .refused(call: call, error: $0) } ?? .breached(words.joined(separator: " ")), .broker,
                    isExpected: error == EIO))
            report.add(Row("broker", "the next \(call) of that vNode", goesOn(name), .broker))
        }
        let before = Leftovers.now(names: "\(names)-silent", daemon: daemonPID)
        for (_, name, job) in callers {
            try run([programs.vnode, "stop", "--timeout", "1", name])
            job.end(seconds: 60)
        }
        let gone = before.things.filter { $0.hasPrefix("state") }
        let left = Leftovers.now(names: "\(names)-silent", daemon: daemonPID).things.intersection(gone)
        report.add(
            Row(
                "broker", "nothing is left of the vNodes that asked",
                left.isEmpty ? .contained("stopped") : .breached(left.sorted().joined(separator: "; ")), .launcher))
    }
}
