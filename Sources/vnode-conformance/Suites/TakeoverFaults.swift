import CLinux
import Control
import Glibc
import Linux
import SystemPackage

extension Suite {
    static let faults: [Check] = [
        Check("a request that kills workers is answered EIO, everything else as ever") { context in
            try await context.withDaemon(arguments: ["--workers", "4", "--fault", "trap:/proc/swaps"]) { daemon in
                let vnode = try await context.keep("poison", on: daemon)
                let other = try await context.keep("bystander", on: daemon)
                try await daemon.reading([vnode, other]) { readers in
                    for round in 1...2 {
                        let ending = try await Attempt(reading: vnode.path("/proc/swaps")).end()
                        try expect(ending.error == .ioError, "EIO", got: "\(ending)")
                        try await readers.advance(30)
                        try await eventually("a line of the log that says so", got: { daemon.program.error }) {
                            daemon.logged("refused", "OPEN /proc/swaps", vnode.name).count == round
                        }
                        try expect("deaths", daemon.logged("worker died").count, is: 2 * round)
                    }
                }
                try expect("poisoned", try await daemon.metric("vnode_poisoned_requests_total", in: context), is: 2)
                let last = try await daemon.worker()
                try await Task.sleep(for: .milliseconds(300))
                try expect("worker", try await daemon.worker(), is: last)
                try await context.stop(vnode)
                try await context.stop(other)
            }
        },
        Check("a request that one worker dies of is answered by the next") { context in
            try await context.withDaemon(arguments: ["--fault", "trap:/proc/swaps@1"]) { daemon in
                let vnode = try await context.keep("once", on: daemon)
                let ending = try await Attempt(reading: vnode.path("/proc/swaps")).end()
                try expect(ending.text?.hasPrefix("Filename") == true, "an answer", got: "\(ending)")
                try expect("replays", try await daemon.metric("vnode_replays_total", in: context), is: 1)
                try expect("traps", try await daemon.metric("vnode_worker_restarts_total{reason=\"trap\"}", in: context), is: 1)
                try await context.stop(vnode)
            }
        },
        Check("a daemon whose workers never come up says so, ever more slowly, and gives up") { context in
            let words = context.daemonWords(socket: "fs.sock", state: "state") + ["--fault", "start"]
            let outcome = try await command(words, in: context)
            try outcome.refused(status: 1, naming: ["the next one starts in 50 ms", "no worker comes up: giving up"])
            try expect("socket there", Files.exists(context.path("fs.sock")), is: false)
        },
        Check("a worker that comes up again only after some time is waited for, ever more slowly") { context in
            try await context.withDaemon(arguments: ["--fault", "start@2"]) { daemon in
                let vnode = try await context.keep("late", on: daemon)
                let last = try await daemon.worker()
                kill(last, SIGKILL)
                _ = try vnode.text("/proc/meminfo")
                try expect("deaths", daemon.logged("worker died").count, is: 2)
                try await context.stop(vnode)
            }
        },
        Check("a request nobody answers is reported, ended without fusectl, and keeps nobody else") { context in
            try await withoutAbort(context) {
                // Much longer than a report takes, so that a busy machine has the time to look between the two.
                let arguments = ["--workers", "2", "--stuck-limit", "15", "--fault", "hang:/proc/swaps,slow:/proc/uptime:20"]
                try await context.withDaemon(arguments: arguments) { daemon in
                    let vnode = try await context.keep("stuck", on: daemon)
                    let other = try await context.keep("free", on: daemon)
                    let stuck = [
                        try Attempt(reading: vnode.path("/proc/swaps")), try Attempt(reading: vnode.path("/proc/swaps")),
                    ]
                    let begin = ContinuousClock.now
                    try await daemon.reading([other]) { readers in
                        try await eventually("a report", got: { daemon.program.error }) {
                            !daemon.logged("is not answered", "OPEN /proc/swaps").isEmpty
                        }
                        try await readers.advance(30)
                        try expect(!stuck.contains(where: \.isOver), "no end yet", got: "one after \(ContinuousClock.now - begin)")
                        // The one first in line; whoever waits behind it would be next.
                        try await eventually("an error", got: { daemon.program.error }) {
                            stuck.contains(where: \.isOver)
                        }
                        try await readers.advance(30)
                    }
                    try expect(!daemon.logged("is refused", "OPEN /proc/swaps", vnode.name).isEmpty, "a refusal", got: daemon.program.error)
                    let others = daemon.logged("a request is not answered").filter { !$0.contains("/proc/swaps") }
                    try expect("others taken for stuck", others, is: [])
                    try expect("refusals of others", daemon.logged("is refused").count, is: daemon.logged("is refused", vnode.name).count)
                    try await context.stop(vnode)
                    for attempt in stuck {
                        let ending = try await attempt.end()
                        try expect(ending.error != nil, "an error", got: "\(ending)")
                    }
                    try await context.stop(other)
                }
            }
        },
        Check("a connection with a request nobody answers is aborted, and only that one") { context in
            try await withFusectl {
                // The worker is ended after twice as long.
                let arguments = ["--workers", "2", "--stuck-limit", "8", "--fault", "hang:/proc/swaps"]
                try await context.withDaemon(arguments: arguments) { daemon in
                    let vnode = try await context.keep("aborted", on: daemon)
                    // Nothing to abort where the launcher does not say which connection is whose.
                    guard try daemon.records().first?.liveConnection != nil else { return try await context.stop(vnode) }
                    let other = try await context.keep("spared", on: daemon)
                    let last = try await daemon.worker()
                    let stuck = try Attempt(reading: vnode.path("/proc/swaps"))
                    try await daemon.reading([other]) { readers in
                        let ending = try await stuck.end()
                        try expect(ending.error != nil, "an error", got: "\(ending)")
                        try expect("worker", try await daemon.worker(), is: last)
                        // Said when it is done, which the reader may be told first.
                        try await eventually("one connection aborted") {
                            daemon.logged("connection aborted", "OPEN /proc/swaps").count == 1
                        }
                        try await readers.advance(30)
                        // The thread comes back with the next worker, which does not try again.
                        try await daemon.worker(after: last)
                        try await readers.advance(30)
                    }
                    try expect("deaths", daemon.logged("worker died").count, is: 1)
                    try expect("aborts", try await daemon.metric("vnode_connections_aborted_total", in: context), is: 1)
                    try await context.stop(vnode)
                    try await context.stop(other)
                }
            }
        },
    ]

    private static let fusectl = "/sys/fs/fuse/connections"

    /// Runs `body` with the file system mounted that aborts connections.
    private static func withFusectl(_ body: () async throws -> Void) async throws {
        let isOurs = !Machine.isMounted(fusectl)
        if isOurs { _ = try check(unsafe mount("none", fusectl, "fusectl", 0, nil)) }
        defer { if isOurs { _ = unsafe umount2(fusectl, 0) } }
        try await body()
    }

    /// Runs `body` where connections cannot be aborted.
    private static func withoutAbort(_ context: Context, _ body: () async throws -> Void) async throws {
        let isHidden = Machine.isMounted(fusectl)
        if isHidden { _ = try check(unsafe mount("none", fusectl, "tmpfs", 0, nil)) }
        defer { if isHidden { _ = unsafe umount2(fusectl, CInt(MNT_DETACH)) } }
        try await body()
    }
}
