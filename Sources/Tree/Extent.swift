/// What there is in one view of what the table has only patterns for.
public struct Extent: Sendable, Equatable {
    /// The visible CPUs.
    public var cpus = CPUSet()
    /// The NUMA nodes that hold them, ascending.
    public var nodes: [NUMANode] = []
    /// Blocks of memory, from 0 on.
    public var memoryBlocks = 0
    /// The disks the view has used.
    public var disks: [Disk] = []

    public init(cpus: CPUSet = CPUSet(), nodes: [NUMANode] = [], memoryBlocks: Int = 0, disks: [Disk] = []) {
        self.cpus = cpus
        self.nodes = nodes
        self.memoryBlocks = memoryBlocks
        self.disks = disks
    }

    public struct Disk: Sendable, Equatable {
        /// The same for a name as long as the daemon serves.
        public var number: Int
        public var name: String
        public var major: Int
        public var minor: Int

        public init(number: Int, name: String, major: Int, minor: Int) {
            self.number = number
            self.name = name
            self.major = major
            self.minor = minor
        }
    }
}

/// A NUMA node as a view has it.
public struct NUMANode: Sendable, Equatable {
    public var id: Int
    /// Visible CPUs in it.
    public var cpus: CPUSet
    /// To every node of the view, ascending.
    public var distances: [UInt64]
    /// Its share of the view's memory, in any unit; 0 for a node without.
    public var memory: UInt64

    public init(id: Int, cpus: CPUSet, distances: [UInt64], memory: UInt64) {
        self.id = id
        self.cpus = cpus
        self.distances = distances
        self.memory = memory
    }
}

/// What a component of a path with a `*` stands for. Below another pattern: something of what that one stands for.
public enum Pattern: Sendable {
    /// `cpu*`
    case cpu
    /// `cpu*/cache/index*`; the instance is the CPU's and, above its 13 bits, the index.
    case cacheOfCPU
    /// `cpu*/node*`: the one node a CPU is in; the instance stays the CPU's.
    case nodeOfCPU
    /// `node*`
    case node
    /// `node*/cpu*`; the instance is the CPU's.
    case cpuOfNode
    /// `memory*`
    case memoryBlock
    /// `*`: a disk's name
    case disk
    /// `*:*`: its device number
    case diskNumber

    /// nil for a component without a `*`.
    init?(_ component: some StringProtocol, below outer: Pattern?) {
        switch (component, outer) {
        case ("cpu*", nil): self = .cpu
        case ("index*", .cpu): self = .cacheOfCPU
        case ("node*", .cpu): self = .nodeOfCPU
        case ("node*", nil): self = .node
        case ("cpu*", .node): self = .cpuOfNode
        case ("memory*", nil): self = .memoryBlock
        case ("*", nil): self = .disk
        case ("*:*", nil): self = .diskNumber
        default: return nil
        }
    }

    /// Largest instance and one.
    public static let mostInstances = 1 << 16
    /// Caches a CPU may have.
    static let mostCaches = 8
    private static let cpuBits = 13

    public static func cache(_ index: Int, of cpu: Int) -> Int { index << cpuBits | cpu }

    /// The CPU and the index of a cache.
    public static func cache(_ instance: Int) -> (cpu: Int, index: Int) { (instance & (1 << cpuBits - 1), instance >> cpuBits) }

    /// Every name there is below a place with this instance, in order, and its instance.
    func names(in extent: Extent, below instance: Int) -> [(name: String, instance: Int)] {
        switch self {
        case .cpu: extent.cpus.ids.map { ("cpu\($0)", $0) }
        case .cacheOfCPU: (0..<Pattern.mostCaches).map { ("index\($0)", Pattern.cache($0, of: instance)) }
        case .nodeOfCPU: extent.nodes.filter { $0.cpus.contains(instance) }.map { ("node\($0.id)", instance) }
        case .node: extent.nodes.map { ("node\($0.id)", $0.id) }
        case .cpuOfNode: extent.nodes.first { $0.id == instance }?.cpus.ids.map { ("cpu\($0)", $0) } ?? []
        case .memoryBlock: (0..<max(0, extent.memoryBlocks)).map { ("memory\($0)", $0) }
        case .disk: extent.disks.map { ($0.name, $0.number) }
        case .diskNumber: extent.disks.map { ("\($0.major):\($0.minor)", $0.number) }
        }
    }

    /// The instance of one name; nil when it is not there. Without an extent, of any name that could be.
    func instance(of name: String, in extent: Extent?, below instance: Int) -> Int? {
        switch self {
        case .cpu: Pattern.number(name, after: "cpu") { extent?.cpus.contains($0) ?? true }
        case .cacheOfCPU: Pattern.number(name, after: "index") { $0 < Pattern.mostCaches }.map { Pattern.cache($0, of: instance) }
        case .nodeOfCPU:
            Pattern.number(name, after: "node") { id in
                extent?.nodes.contains { $0.id == id && $0.cpus.contains(instance) } ?? true
            }.map { _ in instance }
        case .node: Pattern.number(name, after: "node") { id in extent?.nodes.contains { $0.id == id } ?? true }
        case .cpuOfNode:
            Pattern.number(name, after: "cpu") { cpu in
                extent?.nodes.contains { $0.id == instance && $0.cpus.contains(cpu) } ?? true
            }
        case .memoryBlock: Pattern.number(name, after: "memory") { $0 < extent?.memoryBlocks ?? .max }
        case .disk, .diskNumber:
            extent.map { names(in: $0, below: instance).first { Catalog.equal($0.name, name) }?.instance } ?? 0
        }
    }

    /// The name of an instance, as far as that says it; `*` where it takes an extent to know.
    func name(of instance: Int) -> String {
        switch self {
        case .cpu, .cpuOfNode: "cpu\(instance)"
        case .cacheOfCPU: "index\(Pattern.cache(instance).index)"
        case .node: "node\(instance)"
        case .memoryBlock: "memory\(instance)"
        case .nodeOfCPU: "node*"
        case .disk: "*"
        case .diskNumber: "*:*"
        }
    }

    /// The instance of the place above; of `node*/cpu*` it takes an extent to know.
    func outer(of instance: Int) -> Int {
        switch self {
        case .nodeOfCPU: instance
        case .cacheOfCPU: Pattern.cache(instance).cpu
        case .cpu, .node, .cpuOfNode, .memoryBlock, .disk, .diskNumber: 0
        }
    }

    /// What follows `prefix` in `name`, as a canonical decimal number: no sign, no leading zero.
    static func number(_ name: String, after prefix: String, where isThere: (Int) -> Bool = { _ in true }) -> Int? {
        guard name.utf8.starts(with: prefix.utf8) else { return nil }
        let digits = name.utf8.dropFirst(prefix.utf8.count)
        guard (1...4).contains(digits.count), digits.count == 1 || digits.first != 0x30 else { return nil }
        var value = 0
        for digit in digits {
            guard (0x30...0x39).contains(digit) else { return nil }
            value = value * 10 + Int(digit - 0x30)
        }
        return value < CPUSet.most && isThere(value) ? value : nil
    }
}
