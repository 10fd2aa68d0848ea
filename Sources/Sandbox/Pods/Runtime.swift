import Control
import FoundationEssentials
import Glibc
import Linux
import OCI
import SystemPackage

/// `vnode-runtime`: the OCI command line for containerd. `create` makes, `delete` unmakes; everything else is the engine's, run where it
/// has made the container.
public enum Runtime {
    /// Answers the exit status. `words` are without the program's name.
    public static func run(_ words: [String], settings: () throws -> RuntimeSettings) -> Int32 {
        var log = RuntimeLog()
        do throws(Failure) {
            log = try RuntimeLog(RuntimeArguments.globals(of: words))
            let arguments = try RuntimeArguments(words)
            let known: RuntimeSettings
            do { known = try settings() } catch { throw Failure("\(error)") }
            if let fault = known.fault {
                guard Runtime.isOfAContainer(arguments.command) else { throw Failure(fault) }
                log.warning(fault)
            }
            return try perform(arguments, known, log)
        } catch {
            log.error(error.message)
            // As runc.
            return 1
        }
    }

    /// What is asked of a container that is there. Of the configuration that needs no more than where containers are remembered: a slip in
    /// the rest of it must not keep pods from being stopped.
    private static func isOfAContainer(_ command: String) -> Bool {
        ["delete", "exec", "start", "state", "kill", "pause", "resume", "ps", "update", "events"].contains(command)
    }

    private static func perform(
        _ arguments: RuntimeArguments, _ settings: RuntimeSettings, _ log: RuntimeLog
    ) throws(Failure) -> Int32 {
        switch arguments.command {
        case "create": return try Creation.run(arguments, settings, log)
        case "delete": return try Deletion.run(arguments, settings, log)
        case "exec": return try Execution.run(arguments, settings, log)
        case "start", "state", "kill", "pause", "resume", "ps", "update", "events":
            return try Execution.pass(arguments, settings, log)
        case "features": return try EngineFeatures.answer(try Programs.engine(settings.engine))
        case "", "--version":
            guard arguments.hasGlobal("version") else { throw Failure("no command: see vnode-runtime --help") }
            print("vnode-runtime \(releaseVersion)")
            return try answerVersion(settings)
        case "run", "checkpoint", "restore", "list", "spec", "init":
            throw Failure("\(arguments.command): not supported: containerd does not use it with this runtime")
        default: throw Failure("no such command: \(arguments.command)")
        }
    }

    private static func answerVersion(_ settings: RuntimeSettings) throws(Failure) -> Int32 {
        fflush(nil)
        let engine = try Programs.engine(settings.engine)
        throw Failure("running the engine", engine.path, engine.execute([engine.name, "--version"], environment: Processes.environment))
    }
}

/// Commands about a container that is there.
enum Execution {
    /// Has the engine answer, in staging.
    static func pass(
        _ arguments: RuntimeArguments, _ settings: RuntimeSettings, _ log: RuntimeLog
    ) throws(Failure) -> Int32 {
        let found = try FoundContainer(arguments, settings)
        if arguments.isDeadly, let unreachable = found.unreachable {
            // A pod must be able to end whatever has become of vnode-fs.
            log.warning("\(unreachable): killing the container by its cgroup")
            found.kill()
            return 0
        }
        let (record, vnode) = try found.reached()
        var arguments = arguments
        var resources: [UInt8]?
        if let path = arguments.value("resources"), path != "-" {
            resources = try attempt("reading the resources", path) { () throws(Errno) in try Files.read(path) }
        }
        let file = try EngineLogFile()
        let status = try vnode.run { () throws(Failure) in
            var path: String?
            if let resources {
                let staged = "/inner/\(record.id)/resources-\(getpid())"
                // Of a process that was killed, and had the same pid.
                _ = unsafe unlink(staged)
                try MountStep.perform([.text(staged, resources)], "staging the resources")
                arguments = arguments.with("resources", staged)
                path = staged
            }
            defer { if let path { _ = unsafe unlink(path) } }
            return Inside.Answer(status: try vnode.runEngine(arguments, network: nil, log: file.file.raw))
        }.status
        log.append(file.bytes, of: vnode.engine, status: status)
        return status
    }

    /// `exec`: one more program in a container, in its network namespace.
    static func run(
        _ arguments: RuntimeArguments, _ settings: RuntimeSettings, _ log: RuntimeLog
    ) throws(Failure) -> Int32 {
        let found = try FoundContainer(arguments, settings)
        let (record, vnode) = try found.reached()
        guard let process = record.process?.open() else { throw Failure.unknownContainer }
        let network = try namespace(of: process, record)
        var arguments = arguments
        var program: [UInt8]?
        if let path = arguments.value("process") {
            let bytes = try Bundle.read(path, "reading the process")
            do { program = try BundleRewrite.process(try JSON(bytes), hasAppArmor: record.hasAppArmor).bytes() } catch let error as Failure
            {
                throw error
            } catch {
                throw Failure("reading the process: \(path): not JSON, or nested too deeply")
            }
        }
        let console = try arguments.value("console-socket").map { path throws(Failure) in
            try attempt("opening the console socket", path) { () throws(Errno) in try MountTree(path).release() }
        }
        defer { if let console { _ = close(console) } }
        let pidFile = arguments.value("pid-file")
        let top = "/inner/" + record.id
        let file = try EngineLogFile()
        let answer = try vnode.run { () throws(Failure) in
            var path: String?
            if let program {
                let staged = "\(top)/process-\(getpid())"
                // Of a process that was killed, and had the same pid.
                _ = unsafe unlink(staged)
                try MountStep.perform([.text(staged, program)], "staging the process")
                arguments = arguments.with("process", staged)
                path = staged
            }
            defer { if let path { _ = unsafe unlink(path) } }
            return try StagedContainer(top: top, id: record.id, view: record.view ?? 0, isFirst: false).runEngine(
                arguments, console: console, network: network.raw, log: file.file.raw, in: vnode)
        }
        // Otherwise it is the program's status.
        if arguments.has("detach") {
            log.append(file.bytes, of: vnode.engine, status: answer.status)
        } else {
            log.append(file.bytes)
        }
        if let pidFile, let pid = answer.pid { try Bundle.replace(pidFile, by: "\(pid)") }
        return answer.status
    }

    private static func namespace(of process: borrowing OwnedFD, _ record: ContainerRecord) throws(Failure) -> OwnedFD {
        let pid = record.process?.pid ?? 0
        let path = "/proc/\(pid)/ns/net"
        let found = try attempt("opening", path) { () throws(Errno) in try Files.open(path, flags: O_RDONLY) }
        // It still is the container's, so the pid was.
        guard record.process?.isAlive == true else { throw Failure.unknownContainer }
        return found
    }
}
