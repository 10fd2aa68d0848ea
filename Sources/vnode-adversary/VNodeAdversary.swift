import ArgumentParser
import Glibc
import Linux
import SystemPackage

@main
struct VNodeAdversary: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vnode-adversary",
        abstract: "Try, as root of a vNode with every capability, to get out of it, to see the node, to keep it from working.",
        subcommands: [Drive.self, Inside.self, List.self, Table.self, Hold.self, Explode.self, Watch.self, Act.self])
}

/// The attacks, where it is run.
struct Inside: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attack", abstract: "Make the attacks where this program is run: inside a vNode, or another container.")

    @Option(name: .customLong("fact"), help: ArgumentHelp("What the node is recognised by: KEY=VALUE.", visibility: .hidden))
    var facts: [String] = []

    @Option(help: "Only attacks whose \"family: name\" contains this.")
    var filter: String?

    @Option(help: "A directory to work in.")
    var directory = "/tmp"

    func run() throws {
        let scene = Scene(facts: Facts.parse(facts), directory: directory)
        print("scene\t\(Scene.isFiltered ? "filtered" : "unfiltered")\t\(Scene.status("CapEff") ?? "")")
        for attack in Attack.all where filter.map("\(attack.family): \(attack.name)".contains) ?? true {
            let finding = attack.attempt(scene)
            print("\(attack.family)\t\(attack.name)\t\(finding.line)")
            fflush(nil)
        }
        print("end")
    }
}

struct Hold: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "witness", abstract: "Hold what others must not find.", shouldDisplay: false)

    @Argument var token: String

    func run() { Witness.run(token: token) }
}

struct Explode: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bomb", abstract: "Take all there is of something, and keep it.", shouldDisplay: false)

    @Argument(transform: { text in
        guard let bomb = Bomb(rawValue: text) else { throw ValidationError("no such bomb: \(text)") }
        return bomb
    })
    var bomb: Bomb

    @Option var seconds = 3
    @Option(name: .customLong("fact")) var facts: [String] = []
    @Option var directory = "/tmp"

    func run() { bomb.run(Scene(facts: Facts.parse(facts), directory: directory), seconds: seconds) }
}

struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print the names of the attacks.")

    func run() { for attack in Attack.all { print("\(attack.family): \(attack.name)") } }
}

enum Facts {
    static func parse(_ words: [String]) -> [String: String] {
        var facts: [String: String] = [:]
        for word in words {
            guard let sign = word.firstIndex(of: "=") else { continue }
            facts[String(word[..<sign])] = String(word[word.index(after: sign)...])
        }
        return facts
    }
}
