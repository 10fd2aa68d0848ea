import ArgumentParser
import Glibc
import Linux
import SystemPackage

/// Lies in wait for processes that are put into the vNode from outside: an engine on its way to a new container.
struct Watch: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch", abstract: "Look into every new process before it has become a container's.", shouldDisplay: false)

    @Option var seconds = 3

    func run() {
        var known = Set<String>()
        var programs: [(name: String, file: CInt)] = []
        var (seen, looked) = (0, 0)
        print("watching")
        fflush(nil)
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end {
            for entry in (try? Directories.list("/proc")) ?? [] where Int32(entry.name) != nil {
                let process = "/proc/\(entry.name)"
                if known.insert(entry.name).inserted {
                    seen += 1
                    if programs.count < 400, let file = try? Files.open("\(process)/exe", flags: Files.place).release() {
                        programs.append((entry.name, file))
                    }
                }
                if let leak = look(into: process) { return say("breached\t\(process): \(leak)") }
                looked += 1
            }
            for program in programs {
                guard let file = try? Files.open("/proc/self/fd/\(program.file)", flags: O_WRONLY) else { continue }
                var status = stat()
                // A file of the vNode's own may be written; the node's are nobody's here.
                if unsafe fstat(file.raw, &status) == 0, status.st_uid == 65534 {
                    return say("breached\tthe program of \(program.name) can be written")
                }
            }
        }
        say("contained\t\(seen) processes, \(looked) looks")
    }

    private func say(_ text: String) {
        print(text)
        fflush(nil)
    }

    private func look(into process: String) -> String? {
        for way in ["root", "cwd"] {
            for name in ["inner", "procfs", "shown", "node/etc", "run/vnode"] where Directories.kind("\(process)/\(way)/\(name)") != nil {
                return "\(way)/\(name)"
            }
        }
        for file in (try? Directories.list("\(process)/fd")) ?? [] {
            for name in ["inner", "run/vnode", "cgroup.procs"] where Directories.kind("\(process)/fd/\(file.name)/\(name)") != nil {
                // A directory of one's own cgroup tree is one's own.
                if name == "cgroup.procs", process == "/proc/\(getpid())" { continue }
                return "fd/\(file.name)/\(name)"
            }
        }
        return nil
    }
}

/// What the first of two containers does to the second.
struct Act: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "act", abstract: "Prepare a trap for the next container.", shouldDisplay: false)

    @Argument var trap: String
    @Argument var value: String

    func run() throws {
        switch trap {
        case "shm":
            _ = unsafe rmdir("/proc/1/root/dev/shm")
            do throws(Errno) { try Directories.link("/proc/1/root/dev/shm", to: value) } catch { print("refused \(error.name)") }
        case "subset":
            do throws(Refused) { try Attack.reconfigure("/proc", "subset", value) } catch { print("refused \(error.error.name)") }
        case "roots":
            // Every mount point of every container in sight that is none here.
            for entry in (try? Directories.list("/proc")) ?? [] where Int32(entry.name) != nil {
                for name in ["dev/shm", "proc", "sys", "dev", "etc", "usr"] {
                    let path = "/proc/\(entry.name)/root/\(name)"
                    if unsafe rmdir(path) == 0 { try? Directories.link(path, to: value) }
                }
            }
        case "router":
            do throws(Errno) { print("advertised \(try Router.advertise(on: value, times: 25))") } catch { print("refused \(error.name)") }
        case "silence":
            let device = try Files.open("/dev/fuse", flags: O_RDWR).release()
            let place = "/tmp/silent"
            try Directories.make(place)
            do throws(Refused) {
                try Kernel.mount("silent", place, "fuse", 0, data: "fd=\(device),rootmode=40000,user_id=0,group_id=0")
            } catch { return print("mount of fuse: \(error.error.name)") }
            print("silent")
            fflush(nil)
            let path = place + "/nowhere"
            let result =
                value == "mount"
                ? Kernel.raw(.mount, ["proc", .text(path), "proc", 0, 0]) : Kernel.raw(.umount2, [.text(path), 0])
            print("answered \(-result)")
            fflush(nil)
            // Whoever still waits in there waits until the vNode ends.
            while true { sleep(100) }
        default: throw ValidationError("no such trap: \(trap)")
        }
        print("prepared")
    }
}
