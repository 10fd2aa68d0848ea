import FoundationEssentials
import Glibc
import Linux
import SystemPackage

/// A launcher that goes on in the background once its container runs: `--detach`.
final class Detachment {
    private struct Answer: Codable {
        var name: String?
        var message: String = ""
        var status: Int32 = 0
    }

    private let answers: OwnedFD
    private var hasAnswered = false

    private init(_ answers: consuming OwnedFD) { self.answers = answers }

    /// Runs `body` in a process of its own, and answers what it tells with `started`, or throws the failure it ended with before.
    static func run(_ body: (Detachment) throws(Failure) -> Int32) throws(Failure) -> String {
        let (reading, writing) = try attempt("making a pipe") { () throws(Errno) in try Processes.pipe() }
        let answers = OwnedFD(taking: reading)
        let child = try attempt("going to the background") { () throws(Errno) in
            try Processes.fork {
                let detachment = Detachment(OwnedFD(taking: writing))
                setsid()
                do throws(Failure) { return try body(detachment) } catch {
                    detachment.tell(Answer(message: error.message, status: error.status))
                    return error.status
                }
            }.pid
        }
        _ = close(writing)
        let bytes = (try? Files.read(answers)) ?? []
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(bytes)) else {
            _ = try? Processes.wait(child)
            throw Failure("going to the background: the launcher ended without a word")
        }
        guard let name = answer.name else {
            _ = try? Processes.wait(child)
            throw Failure(answer.message, status: answer.status)
        }
        return name
    }

    /// Tells who waits that it runs, and lets go of the standard streams.
    func started(_ name: String) throws(Failure) {
        try attempt("going to the background") { () throws(Errno) in
            let null = try Files.open("/dev/null", flags: O_RDWR)
            for descriptor in 0...2 as ClosedRange<CInt> { _ = try check(dup2(null.raw, descriptor)) }
        }
        tell(Answer(name: name))
    }

    private func tell(_ answer: Answer) {
        if hasAnswered { return }
        hasAnswered = true
        guard let bytes = try? JSONEncoder().encode(answer) else { return }
        try? Files.write(Array(bytes), to: answers)
        // Who waits reads to the end.
        _ = dup2(STDERR_FILENO, answers.raw)
    }
}
