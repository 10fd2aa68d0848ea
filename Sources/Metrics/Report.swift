import FoundationEssentials

/// What the daemon knows of itself and of the requests it answered, at one moment.
public struct Report: Decodable, Sendable, Equatable {
    public struct Daemon: Codable, Sendable, Equatable {
        public var version = ""
        /// Seconds since 1970.
        public var started: Int64 = 0
        public var workerGeneration: UInt64 = 0
        /// How often the worker was started anew, by reason.
        public var restarts: [String: UInt64] = [:]
        /// Requests given to a new worker because the one before did not answer them.
        public var replays: UInt64 = 0
        /// Requests answered with an error because workers ended over them.
        public var poisonedRequests: UInt64 = 0
        public var connectionsAborted: UInt64 = 0
        /// FUSE connections served now.
        public var connections: UInt64 = 0
        public var vnodes: UInt64 = 0
        public var views: UInt64 = 0

        public init(version: String, started: Int64) {
            self.version = version
            self.started = started
        }
    }

    /// Requests for one file. As JSON with `p50` and `p99`, seconds, absent when there is no bound to name, and `buckets`, a
    /// count for each of the report's `bucketBounds` and one for what took longer, without zeroes at the end.
    public struct File: Sendable, Equatable {
        /// `/proc/meminfo`; a `*` stands for a CPU number.
        public var path: String
        public var counters: FileCounters<UInt64>

        public init(path: String, counters: FileCounters<UInt64>) {
            self.path = path
            self.counters = counters
        }
    }

    public struct VNode: Decodable, Sendable, Equatable {
        public var name: String
        public var files: [File]

        public init(name: String, files: [File]) {
            self.name = name
            self.files = files
        }
    }

    public var daemon: Daemon
    /// Every file, over all vNodes there are and were.
    public var files: [File]
    public var vnodes: [VNode]

    public init(daemon: Daemon, files: [File], vnodes: [VNode]) {
        self.daemon = daemon
        self.files = files
        self.vnodes = vnodes
    }

    /// Names the vNodes and entries of what was counted. A vNode without a name (it has just ended) is in the totals only.
    public init(daemon: Daemon, counts: Counts, names: [UInt64: String], path: (Int) -> String) {
        self.daemon = daemon
        var paths: [Int: String] = [:]
        func list(_ counted: [Int: FileCounters<UInt64>]) -> [File] {
            counted.sorted { $0.key < $1.key }.map { entry, counters in
                let known = paths[entry] ?? path(entry)
                paths[entry] = known
                return File(path: known, counters: counters)
            }
        }
        files = list(counts.totals)
        vnodes = names.sorted { $0.value < $1.value }.map { VNode(name: $0.value, files: list(counts.vnodes[$0.key] ?? [:])) }
    }

    private enum Key: String, CodingKey {
        case daemon, bucketBounds, files, vnodes
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        daemon = try values.decode(Daemon.self, forKey: .daemon)
        guard try values.decode([Double].self, forKey: .bucketBounds) == HistogramBounds.seconds else {
            throw DecodingError.dataCorruptedError(
                forKey: .bucketBounds, in: values, debugDescription: "the report is of another version of vnode-fs")
        }
        files = try values.decode([File].self, forKey: .files)
        vnodes = try values.decode([VNode].self, forKey: .vnodes)
    }

    public init(json: [UInt8]) throws { self = try JSONDecoder().decode(Report.self, from: Data(json)) }
}

extension Report.File: Decodable {
    private enum Key: String, CodingKey {
        case path, requests, refills, errors, nanoseconds, buckets
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        path = try values.decode(String.self, forKey: .path)
        guard let histogram = Histogram(counts: try values.decode([UInt64].self, forKey: .buckets)) else {
            throw DecodingError.dataCorruptedError(forKey: .buckets, in: values, debugDescription: "too many buckets")
        }
        counters = FileCounters(
            requests: try values.decode(UInt64.self, forKey: .requests), refills: try values.decode(UInt64.self, forKey: .refills),
            errors: try values.decode(UInt64.self, forKey: .errors), nanoseconds: try values.decode(UInt64.self, forKey: .nanoseconds),
            histogram: histogram)
    }
}
