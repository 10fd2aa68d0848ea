import FoundationEssentials
import Testing

@testable import Sandbox

@Suite struct AnswerTests {
    /// Cut in the middle it would be no JSON, and the failure "the helper ended".
    @Test(arguments: [String(repeating: "a", count: 9000), String(repeating: "\u{1}é\"", count: 4000), "short"])
    func aLongFailureKeepsItsBeginning(_ failure: String) throws {
        let text = Inside.Answer(status: 3, pid: 4, failure: failure).encoded
        #expect(text.utf8.count <= Report.longest)
        let answer = try JSONDecoder().decode(Inside.Answer.self, from: Data(text.utf8))
        #expect(answer.status == 3 && answer.pid == 4)
        let kept = try #require(answer.failure)
        #expect(failure == "short" ? kept == failure : kept.utf8.count > 500 && failure.utf8.starts(with: kept.utf8.dropLast(3)))
    }
}
