import ArgumentParser
import FoundationEssentials
import Glibc
import Linux
import SystemPackage

@main
struct VNodeLoad: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vnode-load",
        abstract: "Put load on a vnode-fs of its own and check every byte it answers.",
        discussion: "Runs as root, beside other users of vnode. Times in JSON are nanoseconds. Exits with 1 when something failed.",
        subcommands: [Chaos.self, Kill.self, Noise.self, Scale.self, Churn.self])
}

enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, json
}

/// What every subcommand takes.
struct Common: ParsableArguments {
    @Option(help: "Directory of vnode, vnode-fs and vnode-init; that of this program unless given.")
    var bin: String?

    @Option(help: "text or json.")
    var format = Format.text

    /// The directory, once it is known that root may start what is in it.
    func programs(_ names: [String]) throws -> String {
        guard geteuid() == 0 else { throw ValidationError("must run as root") }
        let own = (try? Directories.readLink("/proc/self/exe")).map { String($0[..<($0.lastIndex(of: "/") ?? $0.endIndex)]) }
        let given = bin ?? own ?? "."
        guard let resolved = unsafe realpath(given, nil) else { throw ValidationError("\(given): no such directory: name one with --bin") }
        defer { unsafe free(resolved) }
        let directory = unsafe String(cString: resolved)
        for name in names where unsafe access("\(directory)/\(name)", X_OK) != 0 {
            throw ValidationError("\(directory)/\(name) is not there: build it, or name its directory with --bin")
        }
        return directory
    }

    func print(_ report: some Encodable, text: () -> String) throws {
        switch format {
        case .text: Swift.print(text())
        case .json:
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            Swift.print(String(decoding: try encoder.encode(report), as: UTF8.self))
        }
    }
}

/// For people who watch: not part of any result.
func say(_ text: String) {
    let bytes = Array((text + "\n").utf8)
    _ = unsafe bytes.withUnsafeBytes { unsafe write(2, $0.baseAddress, $0.count) }
}

/// A failure of the program itself or of what it needs, as a sentence.
struct Trouble: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Pseudo-random numbers that a seed repeats.
struct Dice: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// Seconds between events that come at random, so many apart on average.
    mutating func pause(mean: Double) -> Double { -mean * log(1 - Double.random(in: 0..<1, using: &self)) }
}
