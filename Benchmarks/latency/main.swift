import Glibc

func complain(_ text: String) {
    let bytes = Array("latency: \(text)\n".utf8)
    _ = unsafe bytes.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
}

let arguments = Array(CommandLine.arguments.dropFirst())
if arguments == ["--help"] {
    print(Options.usage)
    exit(0)
}
do throws(Failure) {
    let options = try Options(arguments)
    let summaries = try Measurement(options: options).run()
    switch options.format {
    case .text: for summary in summaries { print(summary.text) }
    case .json: print("[" + summaries.map(\.json).joined(separator: ",") + "]")
    }
} catch {
    complain("\(error)")
    if case .usage = error { exit(2) }
    exit(1)
}
