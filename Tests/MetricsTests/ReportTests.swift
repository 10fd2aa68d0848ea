import Testing

@testable import Metrics

private func report(_ change: (inout Report.Daemon) -> Void = { _ in }) -> Report {
    var daemon = Report.Daemon(version: "0.1.0", started: 1_784_000_000)
    daemon.workerGeneration = 4
    daemon.restarts = ["signal": 2, "deadline": 1]
    daemon.replays = 5
    daemon.poisonedRequests = 1
    daemon.connectionsAborted = 3
    daemon.connections = 4
    daemon.vnodes = 2
    daemon.views = 3
    change(&daemon)
    let recorders = Recorders()
    let recorder = recorders.add()
    for _ in 0..<3 { recorder.record(vnode: 1, entry: 1, nanoseconds: 3_500, isRefill: false, isError: false) }
    recorder.record(vnode: 1, entry: 1, nanoseconds: 324_000, isRefill: true, isError: false)
    recorder.record(vnode: 2, entry: 2, nanoseconds: 9_000_000_000, isRefill: true, isError: true)
    recorder.record(vnode: 3, entry: 1, nanoseconds: 1_000, isRefill: false, isError: false)
    return Report(daemon: daemon, counts: recorders.collect(), names: [1: "a", 2: "b\"\\\n", 9: "idle"]) {
        $0 == 1 ? "/proc/meminfo" : "/proc/stat"
    }
}

@Suite struct ReportTests {
    @Test func vnodesAndFilesAreNamed() {
        let report = report()
        #expect(report.vnodes.map(\.name) == ["a", "b\"\\\n", "idle"])
        #expect(report.vnodes.map(\.files.count) == [1, 1, 0])
        #expect(report.files.map(\.path) == ["/proc/meminfo", "/proc/stat"])
        #expect(report.files.map(\.counters.requests) == [5, 1])
    }

    @Test func jsonComesBackAsItWas() throws {
        let report = report()
        let bytes = try report.json()
        #expect(try Report(json: bytes) == report)
        let text = String(decoding: bytes, as: UTF8.self)
        let file = #"{"buckets":[0,0,3,0,0,0,0,0,0,0,0,0,0,0,0,1],"errors":0,"nanoseconds":334500,"#
        #expect(text.contains(file + #""p50":0.000004,"p99":0.000384,"path":"/proc/meminfo","refills":1,"requests":4}"#))
        // Beyond the last bound there is none to name.
        #expect(text.contains(#""nanoseconds":9000000000,"path":"/proc/stat""#))
    }

    @Test func anyNameComesBackFromJSON() throws {
        let every = String(String.UnicodeScalarView((0..<0x300).compactMap(Unicode.Scalar.init))) + "\u{1f600}\u{2028}"
        let odd = Report(daemon: Report.Daemon(version: every, started: 0), files: [], vnodes: [Report.VNode(name: every, files: [])])
        #expect(try Report(json: odd.json()) == odd)
    }

    @Test(arguments: [
        "", "{}", "null", #"{"daemon":{},"bucketBounds":[],"files":[],"vnodes":[]}"#,
    ])
    func whatIsNoReportIsRefused(text: String) {
        #expect(throws: (any Error).self) { try Report(json: Array(text.utf8)) }
    }

    @Test func bucketsOfAnotherVersionAreRefused() throws {
        let text = String(decoding: try report().json(), as: UTF8.self)
        for (old, new) in [
            ("[0.000001,", "[0.0000015,"), (#""buckets":[0,"#, #""buckets":[0,0,0,0,0,0,0,0,0,0,0,0,0,"#), ("[0,0,3", "[0,0,-3"),
        ] {
            let changed = text.split(separator: old, omittingEmptySubsequences: false).joined(separator: new)
            #expect(changed != text)
            #expect(throws: (any Error).self) { try Report(json: Array(changed.utf8)) }
        }
    }

    @Test func prometheus() {
        #expect(String(decoding: report().prometheus(), as: UTF8.self) == expected)
    }

    @Test func text() {
        let text = report { $0.restarts = [:] }.text()
        #expect(
            text == """
                version            0.1.0
                started            2026-07-14T03:33:20Z
                worker             4
                restarts           none
                replays            5
                poisoned requests  1
                connections        4, 3 aborted
                vnodes             2
                views              3

                VNODE  PATH           REQUESTS  REFILLS  ERRORS      P50      P99
                *      /proc/meminfo         5        1       0     4 us   384 us
                *      /proc/stat            1        1       1  > 8.4 s  > 8.4 s
                a      /proc/meminfo         4        1       0     4 us   384 us
                b"\\?   /proc/stat            1        1       1  > 8.4 s  > 8.4 s

                """)
        #expect(report().text().contains("restarts           1 deadline, 2 signal\n"))
    }

    @Test func aReportOfNothingIsComplete() throws {
        let empty = Report(daemon: Report.Daemon(version: "", started: .min), files: [], vnodes: [])
        #expect(try Report(json: empty.json()) == empty)
        #expect(empty.text().hasSuffix("views              0\n"))
        #expect(String(decoding: empty.prometheus(), as: UTF8.self).hasSuffix("# TYPE vnode_request_duration_seconds histogram\n"))
    }
}

private let expected = #"""
    # HELP vnode_build_info Version of vnode-fs; always 1.
    # TYPE vnode_build_info gauge
    vnode_build_info{version="0.1.0"} 1
    # HELP vnode_start_time_seconds When the daemon started, seconds since 1970.
    # TYPE vnode_start_time_seconds gauge
    vnode_start_time_seconds 1784000000
    # HELP vnode_worker_generation Number of the worker process that answers now.
    # TYPE vnode_worker_generation gauge
    vnode_worker_generation 4
    # HELP vnode_worker_restarts_total Worker processes started in place of another, by reason.
    # TYPE vnode_worker_restarts_total counter
    vnode_worker_restarts_total{reason="deadline"} 1
    vnode_worker_restarts_total{reason="signal"} 2
    # HELP vnode_replays_total Requests given to a new worker process once more.
    # TYPE vnode_replays_total counter
    vnode_replays_total 5
    # HELP vnode_poisoned_requests_total Requests answered with an error because worker processes ended over them.
    # TYPE vnode_poisoned_requests_total counter
    vnode_poisoned_requests_total 1
    # HELP vnode_connections_aborted_total FUSE connections given up.
    # TYPE vnode_connections_aborted_total counter
    vnode_connections_aborted_total 3
    # HELP vnode_connections FUSE connections served.
    # TYPE vnode_connections gauge
    vnode_connections 4
    # HELP vnode_vnodes vNodes served.
    # TYPE vnode_vnodes gauge
    vnode_vnodes 2
    # HELP vnode_views Views served.
    # TYPE vnode_views gauge
    vnode_views 3
    # HELP vnode_requests_total Requests answered.
    # TYPE vnode_requests_total counter
    vnode_requests_total{vnode="a",path="/proc/meminfo"} 4
    vnode_requests_total{vnode="b\"\\\n",path="/proc/stat"} 1
    # HELP vnode_refills_total Requests whose answer was rendered anew.
    # TYPE vnode_refills_total counter
    vnode_refills_total{vnode="a",path="/proc/meminfo"} 1
    vnode_refills_total{vnode="b\"\\\n",path="/proc/stat"} 1
    # HELP vnode_errors_total Requests answered with an error.
    # TYPE vnode_errors_total counter
    vnode_errors_total{vnode="a",path="/proc/meminfo"} 0
    vnode_errors_total{vnode="b\"\\\n",path="/proc/stat"} 1
    # HELP vnode_request_seconds_total Service times of all requests together.
    # TYPE vnode_request_seconds_total counter
    vnode_request_seconds_total{vnode="a",path="/proc/meminfo"} 0.0003345
    vnode_request_seconds_total{vnode="b\"\\\n",path="/proc/stat"} 9
    # HELP vnode_request_duration_seconds Service times of requests, over all vNodes there are and were.
    # TYPE vnode_request_duration_seconds histogram
    vnode_request_duration_seconds_bucket{path="/proc/meminfo",le="0.000001"} 1
    vnode_request_duration_seconds_bucket{path="/proc/meminfo",le="0.000002"} 1
    vnode_request_duration_seconds_bucket{path="/proc/meminfo",le="0.000004"} 4
    vnode_request_duration_seconds_bucket{path="/proc/meminfo",le="0.000006"} 4
    vnode_request_duration_seconds_bucket{path="/proc/meminfo",le="0.000008"} 4
    vnode_request_duration_seconds_bucket{path="/proc/meminfo",le="0.000012"} 4
    vnode_request_duration_seconds_bucket{path="/proc/meminfo",le="0.000016"} 4
    vnode_request_duration_seconds_bucket{path="/proc/meminfo",le="0.000024"} 4
    vnode_request_duration_seconds_bucket{path="/proc/meminfo",le="0.000032"} 4
    vnode_request_duration_seconds_bucket{path="/proc/meminfo",le="0.000048"} 4
    vnode_request_duration_seconds_bucket{path="/proc/meminfo",le="0.000064"} 4
    vnode_request_duration_seconds_bucket{path="/proc/meminfo",le="0.000096"} 4
    vnode_request_duration_seconds_bucket{path="/proc/meminfo",le="0.000128"} 4
    vnode_request_duration_seconds_bucket{path="/proc/meminfo",le="0.000192"} 4
    vnode_request_duration_seconds_bucket{path="/proc/meminfo",le="0.000256"} 4
    vnode_request_duration_seconds_bucket{path="/proc/meminfo",le="0.000384"} 5
    vnode_request_duration_seconds_bucket{path="/proc/meminfo",le="0.000512"} 5
    vnode_request_duration_seconds_bucket{path="/proc/meminfo",le="0.002048"} 5
    vnode_request_duration_seconds_bucket{path="/proc/meminfo",le="0.008192"} 5
    vnode_request_duration_seconds_bucket{path="/proc/meminfo",le="0.032768"} 5
    vnode_request_duration_seconds_bucket{path="/proc/meminfo",le="0.131072"} 5
    vnode_request_duration_seconds_bucket{path="/proc/meminfo",le="0.524288"} 5
    vnode_request_duration_seconds_bucket{path="/proc/meminfo",le="2.097152"} 5
    vnode_request_duration_seconds_bucket{path="/proc/meminfo",le="8.388608"} 5
    vnode_request_duration_seconds_bucket{path="/proc/meminfo",le="+Inf"} 5
    vnode_request_duration_seconds_sum{path="/proc/meminfo"} 0.0003355
    vnode_request_duration_seconds_count{path="/proc/meminfo"} 5
    vnode_request_duration_seconds_bucket{path="/proc/stat",le="0.000001"} 0
    vnode_request_duration_seconds_bucket{path="/proc/stat",le="0.000002"} 0
    vnode_request_duration_seconds_bucket{path="/proc/stat",le="0.000004"} 0
    vnode_request_duration_seconds_bucket{path="/proc/stat",le="0.000006"} 0
    vnode_request_duration_seconds_bucket{path="/proc/stat",le="0.000008"} 0
    vnode_request_duration_seconds_bucket{path="/proc/stat",le="0.000012"} 0
    vnode_request_duration_seconds_bucket{path="/proc/stat",le="0.000016"} 0
    vnode_request_duration_seconds_bucket{path="/proc/stat",le="0.000024"} 0
    vnode_request_duration_seconds_bucket{path="/proc/stat",le="0.000032"} 0
    vnode_request_duration_seconds_bucket{path="/proc/stat",le="0.000048"} 0
    vnode_request_duration_seconds_bucket{path="/proc/stat",le="0.000064"} 0
    vnode_request_duration_seconds_bucket{path="/proc/stat",le="0.000096"} 0
    vnode_request_duration_seconds_bucket{path="/proc/stat",le="0.000128"} 0
    vnode_request_duration_seconds_bucket{path="/proc/stat",le="0.000192"} 0
    vnode_request_duration_seconds_bucket{path="/proc/stat",le="0.000256"} 0
    vnode_request_duration_seconds_bucket{path="/proc/stat",le="0.000384"} 0
    vnode_request_duration_seconds_bucket{path="/proc/stat",le="0.000512"} 0
    vnode_request_duration_seconds_bucket{path="/proc/stat",le="0.002048"} 0
    vnode_request_duration_seconds_bucket{path="/proc/stat",le="0.008192"} 0
    vnode_request_duration_seconds_bucket{path="/proc/stat",le="0.032768"} 0
    vnode_request_duration_seconds_bucket{path="/proc/stat",le="0.131072"} 0
    vnode_request_duration_seconds_bucket{path="/proc/stat",le="0.524288"} 0
    vnode_request_duration_seconds_bucket{path="/proc/stat",le="2.097152"} 0
    vnode_request_duration_seconds_bucket{path="/proc/stat",le="8.388608"} 0
    vnode_request_duration_seconds_bucket{path="/proc/stat",le="+Inf"} 1
    vnode_request_duration_seconds_sum{path="/proc/stat"} 9
    vnode_request_duration_seconds_count{path="/proc/stat"} 1

    """#
