import Glibc
import Linux

/// Asking one tree for all properties, whoever made it.
enum PropertyRun {
    /// Whether all that could be asked hold. What the kernel itself fails on this machine is not asked.
    static func run(_ properties: [Property], on tree: PropertyTree) async throws -> Bool {
        guard Files.isDirectory(tree.path("proc")) else { throw Mismatch(expected: "a directory with proc in it", got: tree.top) }
        let scratch = "/tmp/vnode-properties-\(getpid())"
        try Directories.makeAll(scratch)
        defer { try? Directories.removeTree(scratch) }
        let context = Context(bin: "", scratch: scratch)
        var passed = 0
        var failed = 0
        for property in properties where tree.isAsked(property) && !(property.isOfMounts && tree.enter.isEmpty) {
            if let fault = await PropertyTree.native.fault(of: property, in: context) {
                print("# \(property.name): not here, the kernel says \(fault)")
            } else if let fault = await tree.fault(of: property, in: context) {
                failed += 1
                print("not ok - \(property.name): \(fault)")
            } else {
                passed += 1
                print("ok - \(property.name)")
            }
            fflush(nil)
        }
        print("\(passed) passed, \(failed) failed")
        return failed == 0 && passed > 0
    }
}
