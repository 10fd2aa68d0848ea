import Audit
import SystemPackage
import Testing

/// Trees made to be hard to walk.
@Suite struct WalkTests {
    private final class Endless: TreeSource {
        func list(_ path: String) -> Listing {
            .entries((0..<3).map { Entry(name: "d\($0)", kind: .directory, answerer: .fuse) }, isCut: true)
        }
        func read(_ path: String) -> Content { .failed(.ioError) }
        func canOpen(_ path: String) -> Bool { false }
    }

    private final class Hanging: TreeSource {
        func list(_ path: String) -> Listing {
            path == "/proc" ? .entries([Entry(name: "stuck", kind: .file), Entry(name: "x", kind: .directory)], isCut: false) : .hung
        }
        func read(_ path: String) -> Content { .hung }
        func canOpen(_ path: String) -> Bool { false }
    }

    @Test(.timeLimit(.minutes(1))) func endlessTreesEnd() {
        let walk = Walk(Endless())
        #expect(walk.found.count <= Bounds.entries)
        #expect(!walk.gaps.isEmpty)
    }

    @Test func whatGivesNoAnswerIsSaid() {
        let source = Hanging()
        let walk = Walk(source)
        #expect(walk.gaps.contains("/proc/x: no answer in time"))
        let samples = Samples(of: walk, inside: source, node: source, now: { 0 }, pause: { _ in })
        let result = Examination(walk, samples, Subject(), []).result()
        #expect(result.gaps.contains("/proc/stuck: no answer in time"))
    }

    @Test func processesAreOneProcess() {
        let tree = MemoryTree()
        tree.add("/proc/1/stat", "1\n")
        tree.add("/proc/77/stat", "77\n")
        tree.add("/proc/self/stat", "5\n")
        tree.add("/proc/self/fd/0", "x")
        let paths = Walk(tree).found.map(\.path)
        #expect(paths.contains("/proc/self/stat"))
        #expect(!paths.contains { $0.hasPrefix("/proc/1") || $0.hasPrefix("/proc/7") || $0 == "/proc/self/fd/0" })
    }
}
