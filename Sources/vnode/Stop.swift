import ArgumentParser
import Sandbox

struct Stop: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "End vNodes and everything in them.")

    @Argument(help: "Names of vNodes.")
    var names: [String] = []

    @Flag(help: "All vNodes.")
    var all = false

    @Option(help: "Seconds the processes have to end after SIGTERM.")
    var timeout = 10

    @OptionGroup var place: Place

    func validate() throws {
        guard all == names.isEmpty else {
            throw ValidationError(all ? "--all and names exclude each other" : "Which vNodes? Give names, or --all")
        }
        guard (0...86400).contains(timeout) else {
            throw ValidationError("The value '\(timeout)' is invalid for '--timeout <timeout>': 0 to 86400")
        }
    }

    func run() throws {
        var last: Failure?
        let path = try place.path
        for name in all ? try Stopping.names(stateDirectory: path) : names {
            do throws(Failure) {
                try Stopping.stop(name, seconds: timeout, stateDirectory: path)
            } catch {
                // Ended meanwhile: what --all wants.
                if all && error.message.hasPrefix("no vNode") { continue }
                if let last { Say.error("vnode: \(last)") }
                last = error
            }
        }
        if let last { throw last }
    }
}
