import Glibc

/// What is fuzzed; the name of its corpus.
enum Target: String, CaseIterable {
    case requests, cgroup, control, names, memory

    static let chosen: Target? = unsafe getenv("FUZZ_TARGET").flatMap { unsafe Target(rawValue: String(cString: $0)) }

    /// Once, before the first input.
    func prepare() {
        switch self {
        case .requests: Requests.prepare()
        case .cgroup, .control, .names, .memory: break
        }
    }

    func run(_ bytes: [UInt8]) {
        switch self {
        case .requests: Requests.run(bytes)
        case .cgroup: CgroupFiles.run(bytes)
        case .control: ControlMessages.run(bytes)
        case .names: Names.run(bytes)
        case .memory: Memory.run(bytes)
        }
    }
}

/// What must hold whatever the input; the fuzzer keeps an input for which it does not.
func demand(_ holds: Bool, _ otherwise: @autoclosure () -> String, line: UInt = #line) {
    if !holds { fatalError("line \(line): \(otherwise())") }
}

/// What the harness itself cannot do without.
func need<Value: ~Copyable, Failure: Error>(_ what: String, _ make: () throws(Failure) -> Value) -> Value {
    do { return try make() } catch { fatalError("\(what): \(error)") }
}

enum Fixtures {
    /// This file is Fuzz/Sources/Target.swift.
    static let path = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 } + "/fixtures"
}

/// Bytes taken one after the other; what is not there is 0.
struct Input {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    var isEmpty: Bool { rest.isEmpty }

    mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

    mutating func number(bytes: Int) -> UInt64 { (0..<bytes).reduce(0) { $0 | UInt64(byte()) << UInt64(8 * $1) } }

    mutating func take(_ count: Int) -> [UInt8] {
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }
}

extension [UInt8] {
    /// A little endian number; 0 when it is not whole.
    func number<Number: FixedWidthInteger>(at offset: Int, _: Number.Type = Number.self) -> Number {
        let size = MemoryLayout<Number>.size
        guard offset >= 0, offset + size <= count else { return 0 }
        return (0..<size).reduce(0) { $0 | Number(self[offset + $1]) << Number(8 * $1) }
    }

    mutating func append(number: some FixedWidthInteger) {
        for place in 0..<number.bitWidth / 8 { append(UInt8(truncatingIfNeeded: number >> (8 * place))) }
    }
}
