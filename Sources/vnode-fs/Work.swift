import ArgumentParser
import CLinux
import Glibc
import Linux
import SystemPackage
import ViewServer

/// What `serve` runs as its child.
struct Work: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker", abstract: "Answer requests for a supervisor.", shouldDisplay: false)

    @Option(help: "Descriptor of the socket to the supervisor.")
    var link: Int32

    @OptionGroup var serving: Serving

    func run() throws {
        // Without this ps would show the number of the descriptor it was started from.
        _ = unsafe clinux_set_name("vnode-fs")
        guard clinux_fcntl(link, F_SETFD, CLong(FD_CLOEXEC)) == 0 else {
            throw fail("worker: descriptor \(link) is not open: vnode-fs serve starts this command, people do not")
        }
        let log = serving.logger
        do {
            try Worker(
                Worker.Options(workers: serving.workers, isPrivate: serving.isPrivate, fault: serving.fault), link: OwnedFD(taking: link),
                log: log
            ).run()
        } catch {
            throw fail("worker: \(error)")
        }
    }
}
