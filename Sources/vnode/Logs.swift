import ArgumentParser
import Glibc
import Sandbox

struct Logs: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what a detached container has said.",
        discussion:
            "What it said to its standard error comes to this one's. At most the last two megabytes are there, as long as the vNode is. "
            + "On a terminal control characters are replaced.")

    @Argument(help: "Name of the vNode.")
    var name: String

    @Argument(help: "Name of the container. Default: the one of vnode run, or the only one there is.")
    var container: String?

    @Flag(name: [.short, .long], help: "Go on until the container ends.")
    var follow = false

    @Flag(help: "Begin each line with its time.")
    var timestamps = false

    @Option(help: ArgumentHelp("Only so many of the last lines.", valueName: "n"))
    var tail: Int?

    @OptionGroup var place: Place

    func validate() throws {
        if let tail, tail < 0 { throw ValidationError("The value '\(tail)' is invalid for '--tail <n>': 0 or more") }
    }

    func run() throws {
        let reader = try LogReader(name, container: container, stateDirectory: place.path)
        var lines = reader.next()
        if let tail { lines = lines.suffix(tail) }
        show(lines)
        while follow && !reader.hasEnded {
            usleep(100_000)
            show(reader.next())
        }
    }

    private func show(_ lines: [LogFormat.Line]) {
        for line in lines {
            let time = timestamps ? Array((line.time + " ").utf8) : []
            let descriptor = line.stream == .error ? STDERR_FILENO : STDOUT_FILENO
            let text = isatty(descriptor) == 1 ? TerminalText.clean(line.text) : line.text
            let bytes = time + text + (line.isPart ? [] : [0x0a])
            var rest = bytes[...]
            while !rest.isEmpty {
                let size = unsafe rest.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
                if size <= 0 { Glibc.exit(errno == EPIPE ? 0 : 1) }
                rest = rest.dropFirst(size)
            }
        }
    }
}
