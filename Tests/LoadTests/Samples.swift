import Foundation
import LoadChecks
import Tree

/// What views of captured kernels show, file by file.
struct Samples: Sendable {
    static let fixtures = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("fixtures").path

    let fixture: String
    let files: [String: [UInt8]]
    let expectation: Expectation

    static func all() throws -> [Samples] {
        // Not every fixture is a node with views.
        try FileManager.default.contentsOfDirectory(atPath: fixtures).sorted()
            .filter {
                FileManager.default.fileExists(atPath: "\(fixtures)/\($0)/expected")
                    && FileManager.default.fileExists(atPath: "\(fixtures)/\($0)/proc/meminfo")
            }
            .map(Samples.init)
    }

    init(_ fixture: String) throws {
        self.fixture = fixture
        let root = "\(Samples.fixtures)/\(fixture)"
        func bytes(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: "\(root)/\(path)"))) }
        var files: [String: [UInt8]] = [:]
        let views = try FileManager.default.contentsOfDirectory(atPath: "\(root)/expected").sorted()
        for part in String(decoding: try bytes("expected/\(views.first ?? "")"), as: UTF8.self).components(separatedBy: "==> ").dropFirst()
        {
            guard let end = part.firstIndex(of: "\n") else { continue }
            files["/" + part[..<end]] = Array(part[part.index(after: end)...].utf8)
        }
        self.files = files
        let online = String(decoding: files["/sys/devices/system/cpu/online"] ?? [], as: UTF8.self)
        expectation = Expectation(
            cpus: CPUSet(list: online) ?? CPUSet(), meminfo: try bytes("proc/meminfo"), vmstat: try bytes("proc/vmstat"))
    }
}
