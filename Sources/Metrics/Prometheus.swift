import Text

extension Report {
    /// What a scrape of `prometheus()` is announced as.
    public static let prometheusType = "text/plain; version=0.0.4; charset=utf-8"

    /// The text exposition format of Prometheus. Durations have buckets by file only: 26 series for every file of every vNode
    /// would be a million on a full node. `vnode_request_seconds_total` has the means of each vNode.
    public func prometheus() -> [UInt8] {
        let count = vnodes.reduce(0) { $0 + $1.files.count }
        var out = Exposition(capacity: 8192 + files.count * 2560 + count * 4 * 80)
        out.family("vnode_build_info", "gauge", "Version of vnode-fs; always 1.")
        out.sample("vnode_build_info", [("version", daemon.version)], 1)
        out.single("vnode_start_time_seconds", "gauge", "When the daemon started, seconds since 1970.", daemon.started)
        out.single("vnode_worker_generation", "gauge", "Number of the worker process that answers now.", daemon.workerGeneration)
        out.family("vnode_worker_restarts_total", "counter", "Worker processes started in place of another, by reason.")
        for (reason, count) in daemon.restarts.sorted(by: { $0.key < $1.key }) {
            out.sample("vnode_worker_restarts_total", [("reason", reason)], count)
        }
        out.single("vnode_replays_total", "counter", "Requests given to a new worker process once more.", daemon.replays)
        out.single(
            "vnode_poisoned_requests_total", "counter", "Requests answered with an error because worker processes ended over them.",
            daemon.poisonedRequests)
        out.single("vnode_connections_aborted_total", "counter", "FUSE connections given up.", daemon.connectionsAborted)
        out.single("vnode_connections", "gauge", "FUSE connections served.", daemon.connections)
        out.single("vnode_vnodes", "gauge", "vNodes served.", daemon.vnodes)
        out.single("vnode_views", "gauge", "Views served.", daemon.views)
        let labelled = vnodes.flatMap { vnode in
            vnode.files.map { (Exposition.labels([("vnode", vnode.name), ("path", $0.path)]), $0.counters) }
        }
        out.family("vnode_requests_total", "counter", "Requests answered.")
        for (labels, counters) in labelled { out.sample("vnode_requests_total", labels, counters.requests) }
        out.family("vnode_refills_total", "counter", "Requests whose answer was rendered anew.")
        for (labels, counters) in labelled { out.sample("vnode_refills_total", labels, counters.refills) }
        out.family("vnode_errors_total", "counter", "Requests answered with an error.")
        for (labels, counters) in labelled { out.sample("vnode_errors_total", labels, counters.errors) }
        out.family("vnode_request_seconds_total", "counter", "Service times of all requests together.")
        for (labels, counters) in labelled { out.sample("vnode_request_seconds_total", labels, nanoseconds: counters.nanoseconds) }
        out.family("vnode_request_duration_seconds", "histogram", "Service times of requests, over all vNodes there are and were.")
        for file in files { out.histogram("vnode_request_duration_seconds", ("path", file.path), file.counters) }
        return out.bytes
    }
}

/// Lines of the exposition format. Numbers are written from whole ones, so that they look the same everywhere.
private struct Exposition {
    private var out: ByteWriter
    var bytes: [UInt8] { out.bytes }

    init(capacity: Int) { out = ByteWriter(capacity: capacity) }

    mutating func family(_ name: String, _ type: String, _ help: String) {
        out.write("# HELP \(name) \(help)\n# TYPE \(name) \(type)\n")
    }

    mutating func single(_ name: String, _ type: String, _ help: String, _ value: some FixedWidthInteger) {
        family(name, type, help)
        sample(name, [UInt8](), value)
    }

    mutating func sample(_ name: String, _ labels: [UInt8], _ value: some FixedWidthInteger) {
        start(name, labels)
        out.write(value)
        out.write(byte: 0x0a)
    }

    mutating func sample(_ name: String, _ labels: [(String, String)], _ value: some FixedWidthInteger) {
        sample(name, Exposition.labels(labels), value)
    }

    mutating func sample(_ name: String, _ labels: [UInt8], nanoseconds: UInt64) {
        start(name, labels)
        out.write(Decimals.text(nanoseconds, digits: 9))
        out.write(byte: 0x0a)
    }

    mutating func histogram(_ name: String, _ label: (String, String), _ counters: FileCounters<UInt64>) {
        let cumulative = counters.histogram.cumulative
        let bounds = HistogramBounds.microseconds.map { Decimals.text($0, digits: 6) } + ["+Inf"]
        for (bound, count) in zip(bounds, cumulative) { sample(name + "_bucket", [label, ("le", bound)], count) }
        sample(name + "_sum", Exposition.labels([label]), nanoseconds: counters.nanoseconds)
        sample(name + "_count", [label], counters.histogram.count)
    }

    private mutating func start(_ name: String, _ labels: [UInt8]) {
        out.write(name)
        out.write(labels)
        out.write(byte: 0x20)
    }

    /// `{name="value",...}` with backslash, quote and newline escaped in values; nothing without labels.
    static func labels(_ labels: [(String, String)]) -> [UInt8] {
        guard !labels.isEmpty else { return [] }
        var out = ByteWriter(capacity: 64)
        for (number, (name, value)) in labels.enumerated() {
            out.write(byte: number == 0 ? 0x7b : 0x2c)
            out.write(name)
            out.write("=\"")
            for byte in value.utf8 {
                switch byte {
                case 0x5c: out.write("\\\\")
                case 0x22: out.write("\\\"")
                case 0x0a: out.write("\\n")
                default: out.write(byte: byte)
                }
            }
            out.write(byte: 0x22)
        }
        out.write(byte: 0x7d)
        return out.bytes
    }
}
