import ArgumentParser
import Control
import Glibc
import Linux
import SystemPackage

struct Upgrade: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Have the running daemon serve with another program, without a failed read.",
        discussion: """
            Without --binary the program is this one: install a new vnode-fs and run its upgrade. A program that cannot take over is \
            refused, and the daemon goes on as it is.
            """)

    @Option(help: "The vnode-fs to serve with.")
    var binary: String?

    @Option(help: "Control socket of the daemon. Default: the configuration's.")
    var socket: String?

    func run() throws {
        let socket = try controlSocket(self.socket)
        let program: OwnedFD
        do throws(Errno) { program = try Files.open(binary ?? "/proc/self/exe", flags: O_RDONLY) } catch {
            throw fail("\(binary ?? "/proc/self/exe"): \(error)")
        }
        let channel: Channel
        do throws(Errno) { channel = try Channel.connect(to: socket, seconds: 30) } catch {
            throw fail("\(socket): \(error): is vnode-fs serve running? Name its socket with --socket")
        }
        do {
            guard case .upgraded(let release, let pid) = try channel.ask(.upgrade, descriptors: [program.raw]).0 else {
                throw fail("\(socket): an answer that is not one")
            }
            print("vnode-fs: \(release) serves, pid \(pid)")
        } catch let error as ControlError {
            throw fail("\(binary ?? "this program"): \(error.message)")
        }
    }
}
