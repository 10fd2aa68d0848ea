import ArgumentParser
import Seccomp

struct SystemCalls: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "syscalls", abstract: "Print what is decided about system calls, as docs/reference/syscalls.md has it.")

    func run() throws { print(Reference.markdown(), terminator: "") }
}
