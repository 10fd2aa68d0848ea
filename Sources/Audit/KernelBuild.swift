import Glibc
import Linux
import SystemPackage

/// The build configuration of the running kernel.
enum KernelBuild {
    /// As `/proc/config.gz` has it, or the file that distributions install beside a kernel without. Empty where there is none, or no
    /// gzip to read it with.
    static func read(release: String) -> [String: String] {
        let compressed = ofKernel()
        if !compressed.isEmpty || release.contains("/") { return compressed }
        return parse((try? Files.read("/boot/config-" + release)) ?? [])
    }

    private static func ofKernel() -> [String: String] {
        guard let program = try? Files.open("/bin/gzip", flags: O_RDONLY), let source = try? Files.open("/proc/config.gz", flags: O_RDONLY),
            let ends = try? Processes.pipe()
        else { return [:] }
        let reading = OwnedFD(taking: ends.reading)
        let child = try? Processes.fork {
            guard dup2(source.raw, STDIN_FILENO) >= 0, dup2(ends.writing, STDOUT_FILENO) >= 0 else { return 1 }
            _ = Processes.execute(program, ["gzip", "-dc"], environment: [])
            return 1
        }.pid
        _ = close(ends.writing)
        let bytes = (try? Files.read(reading, limit: 4 << 20)) ?? []
        if let child { _ = try? Processes.wait(child) }
        return parse(bytes)
    }

    static func parse(_ bytes: [UInt8]) -> [String: String] {
        var found: [String: String] = [:]
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") where line.hasPrefix("CONFIG_") {
            let parts = line.split(separator: "=", maxSplits: 1)
            if parts.count == 2 { found[String(parts[0])] = String(parts[1]) }
        }
        return found
    }
}
