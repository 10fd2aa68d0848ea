import CFuzzer
import Glibc

// The target comes by environment: libFuzzer starts itself again with the arguments it knows.
guard let target = Target.chosen else {
    print("FUZZ_TARGET must be one of \(Target.allCases.map(\.rawValue).joined(separator: ", "))")
    exit(2)
}
target.prepare()
var argc = CommandLine.argc
var argv: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = unsafe CommandLine.unsafeArgv
exit(
    unsafe LLVMFuzzerRunDriver(&argc, &argv) { data, size in
        Target.chosen?.run(unsafe Array(UnsafeBufferPointer(start: data, count: size)))
        return 0
    })
