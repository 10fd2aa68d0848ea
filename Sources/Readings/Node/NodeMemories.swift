import SystemPackage
import Text
import Tree

/// The node's NUMA nodes.
struct NodeMemories: Sendable {
    struct Memory: Sendable {
        let id: Int
        let cpus: CPUSet
        /// To every node that is online, ascending.
        let distances: [UInt64]
        /// kB.
        let total: UInt64
    }

    let all: [Memory]
    /// Fields of their `meminfo`, in its order.
    let fields: [String]

    /// On a kernel without NUMA there is no directory, and one node that has everything.
    init(_ directory: Directory?, online: CPUSet) throws(Errno) {
        var all: [Memory] = []
        var fields: [String] = []
        let ids = try directory.map { directory throws(Errno) in try cpuList(directory.read("online")) } ?? CPUSet()
        for id in ids.ids {
            guard let node = try directory?.directory("node\(id)") else { continue }
            var total: UInt64 = 0
            var names: [String] = []
            for line in Lines(try node.read("meminfo")) {
                // `Node 0 MemTotal:  6121684 kB`
                let words = Array(Words(line).prefix(4))
                guard words.count == 4, words[2].last == 0x3a else { continue }
                names.append(String(decoding: words[2].dropLast(), as: UTF8.self))
                if names.last == "MemTotal" { total = Digits.parse(words[3]) ?? 0 }
            }
            if fields.isEmpty { fields = names }
            all.append(
                Memory(
                    id: id, cpus: cpuList(try node.read("cpulist")),
                    distances: Words(trimmed(try node.read("distance")[...])).compactMap { Digits.parse($0) }, total: total))
        }
        let known = CPUSet(all.flatMap(\.cpus.ids))
        if !online.ids.allSatisfy(known.contains) { all = [Memory(id: 0, cpus: online, distances: [10], total: 1)] }
        self.all = all
        self.fields = fields.isEmpty ? ["MemTotal", "MemFree", "MemUsed"] : fields
    }

    /// The nodes that hold the visible CPUs; their memory is what of them the view may use (`mems`), if any.
    func visible(_ cpus: CPUSet, mems: CPUSet?) -> [NUMANode] {
        let places = all.indices.filter { !all[$0].cpus.intersection(cpus).isEmpty }
        var found = places.map { at in
            let distances = places.map { all[at].distances.indices.contains($0) ? all[at].distances[$0] : at == $0 ? 10 : 20 }
            return NUMANode(id: all[at].id, cpus: all[at].cpus.intersection(cpus), distances: distances, memory: all[at].total)
        }
        if let mems, found.contains(where: { mems.contains($0.id) && $0.memory > 0 }) {
            for at in found.indices where !mems.contains(found[at].id) { found[at].memory = 0 }
        }
        if !found.isEmpty, found.allSatisfy({ $0.memory == 0 }) { found[0].memory = 1 }
        return found
    }
}
