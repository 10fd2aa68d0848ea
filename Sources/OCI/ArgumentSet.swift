/// A set of arguments of a system call, as one rule of a filter can describe it: for each argument named some bits that are exactly so,
/// or one value that it is not.
struct ArgumentSet: Equatable {
    struct Bits: Equatable {
        var mask: UInt64
        var value: UInt64
    }

    private(set) var bits: [Int: Bits] = [:]
    private(set) var not: [Int: UInt64] = [:]

    /// Every call.
    static let all = ArgumentSet()

    /// `args` of a rule; nil for comparisons that are no such set.
    init?(_ args: JSON?) {
        for arg in args?.array ?? [] {
            guard let index = arg["index"]?.integer, (0..<6).contains(index), let value = arg["value"]?.bitPattern else { return nil }
            let place = Int(index)
            guard bits[place] == nil, not[place] == nil else { return nil }
            switch arg["op"]?.string {
            case "SCMP_CMP_EQ": bits[place] = Bits(mask: .max, value: value)
            case "SCMP_CMP_NE": not[place] = value
            case "SCMP_CMP_MASKED_EQ": bits[place] = Bits(mask: value, value: (arg["valueTwo"]?.bitPattern ?? 0) & value)
            default: return nil
            }
        }
    }

    private init(bits: [Int: Bits] = [:], not: [Int: UInt64] = [:]) {
        self.bits = bits
        self.not = not
    }

    /// As a rule's `args`; nil for every call.
    var json: JSON? {
        if bits.isEmpty && not.isEmpty { return nil }
        let masked = bits.sorted { $0.key < $1.key }.map { index, bits -> JSON in
            [
                "index": .signed(Int64(index)), "value": .bits(bits.mask), "valueTwo": .bits(bits.value), "op": "SCMP_CMP_MASKED_EQ",
            ]
        }
        let different = not.sorted { $0.key < $1.key }.map { index, value -> JSON in
            ["index": .signed(Int64(index)), "value": .bits(value), "op": "SCMP_CMP_NE"]
        }
        return .array(masked + different)
    }

    /// What is in both. Empty when nothing is, or, which errs towards less, when no rule could describe it.
    func intersection(_ other: ArgumentSet) -> [ArgumentSet] {
        var result = self
        for (index, theirs) in other.bits {
            if let own = result.bits[index] {
                let common = own.mask & theirs.mask
                guard own.value & common == theirs.value & common else { return [] }
                result.bits[index] = Bits(mask: own.mask | theirs.mask, value: own.value | theirs.value)
            } else {
                result.bits[index] = theirs
            }
        }
        for (index, value) in other.not {
            guard result.not[index] == nil || result.not[index] == value else { return [] }
            result.not[index] = value
        }
        for (index, value) in result.not {
            guard let bits = result.bits[index] else { continue }
            guard bits.value != value & bits.mask else { return [] }
            result.not[index] = nil
        }
        return [result]
    }

    /// What is not in it, in parts that have nothing in common.
    var complement: [ArgumentSet] {
        var parts: [ArgumentSet] = []
        var before = ArgumentSet.all
        for (index, own) in bits.sorted(by: { $0.key < $1.key }) {
            var prefix = Bits(mask: 0, value: 0)
            for shift in 0..<64 where own.mask >> UInt64(shift) & 1 == 1 {
                let bit = UInt64(1) << UInt64(shift)
                let other = Bits(mask: prefix.mask | bit, value: prefix.value | (own.value & bit ^ bit))
                parts += before.intersection(ArgumentSet(bits: [index: other]))
                prefix = Bits(mask: prefix.mask | bit, value: prefix.value | own.value & bit)
            }
            before.bits[index] = own
        }
        for (index, value) in not.sorted(by: { $0.key < $1.key }) {
            parts += before.intersection(ArgumentSet(bits: [index: Bits(mask: .max, value: value)]))
            before.not[index] = value
        }
        return parts
    }

    /// What is in these sets and in none of `others`.
    static func subtract(_ others: [ArgumentSet], from sets: [ArgumentSet]) -> [ArgumentSet] {
        others.reduce(sets) { left, other in left.flatMap { set in other.complement.flatMap { set.intersection($0) } } }
    }
}

extension JSON {
    /// 64 bits, whatever sign they are written with.
    var bitPattern: UInt64? {
        switch self {
        case .signed(let value): UInt64(bitPattern: value)
        case .unsigned(let value): value
        default: nil
        }
    }

    static func bits(_ value: UInt64) -> JSON { Int64(exactly: value).map { .signed($0) } ?? .unsigned(value) }
}
