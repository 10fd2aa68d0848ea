import Glibc
import Linux
import OCI
import Testing

@testable import Sandbox

@Suite struct BundleRewriteTests {
    let pod: PodAnnotations
    let minimal: JSON = [
        "ociVersion": "1.1.0", "root": ["path": "rootfs", "readonly": .bool(true)], "vendor": ["kept": .unsigned(.max)],
        "process": ["user": ["uid": .signed(1000), "gid": .signed(0)], "apparmorProfile": "cri-containerd.apparmor.d"],
        "linux": [
            "namespaces": [["type": "mount"], ["type": "pid"], ["type": "ipc"], ["type": "uts"], ["type": "network", "path": "/n"]]
        ],
    ]

    init() throws {
        let annotations: JSON = [
            "annotations": [
                "io.kubernetes.cri.container-type": "container", "io.kubernetes.cri.sandbox-id": "sand",
                "io.kubernetes.cri.sandbox-namespace": "shop", "io.kubernetes.cri.sandbox-uid": "uid-1",
            ]
        ]
        pod = try #require(try PodAnnotations(annotations))
    }

    func surroundings(isOwn: @escaping (String) -> Bool = { _ in false }) -> BundleRewrite.Surroundings {
        BundleRewrite.Surroundings(
            top: "/inner/c", initPID: 42, uidBase: 131072, pod: pod, container: "c", cgroupsPath: "/k/c", isOwn: isOwn)
    }

    func rewritten(_ change: (inout JSON) -> Void = { _ in }, isOwn: @escaping (String) -> Bool = { _ in false }) throws -> BundleRewrite {
        var spec = minimal
        change(&spec)
        return try BundleRewrite(spec, in: surroundings(isOwn: isOwn))
    }

    func namespace(_ type: String, in bundle: BundleRewrite) -> JSON? {
        bundle.spec["linux"]?["namespaces"]?.array?.first { $0["type"]?.string == type }
    }

    @Test func whatIsNotKnownIsKept() throws {
        let bundle = try rewritten()
        #expect(bundle.spec["vendor"]?["kept"] == .unsigned(.max))
        #expect(bundle.spec["root"] == ["path": "/inner/c/rootfs", "readonly": .bool(true)])
        #expect(bundle.rootPath == "rootfs")
    }

    @Test func namespacesAreTheVNodesAndIDsExactlyIts() throws {
        let bundle = try rewritten()
        #expect(namespace("user", in: bundle)?["path"]?.string == "/proc/42/ns/user")
        #expect(namespace("pid", in: bundle)?["path"]?.string == "/proc/42/ns/pid")
        #expect(namespace("mount", in: bundle)?["path"] == nil)
        // Entered before the engine runs.
        #expect(namespace("network", in: bundle) == nil)
        #expect(bundle.network == .path("/n"))
        let mapping: JSON = [["containerID": .signed(0), "hostID": .signed(131072), "size": .signed(65536)]]
        #expect(bundle.spec["linux"]?["uidMappings"] == mapping)
        #expect(bundle.spec["linux"]?["gidMappings"] == mapping)
    }

    @Test func namespacesOfAPodAreItsOwnWhereTheVNodeOwnsThem() throws {
        let asked: JSON = [["type": "mount"], ["type": "ipc", "path": "/proc/7/ns/ipc"], ["type": "uts", "path": "/proc/7/ns/uts"]]
        let change: (inout JSON) -> Void = { spec in spec["linux"]?["namespaces"] = asked }
        let own = try rewritten(change, isOwn: { $0 == "/proc/7/ns/ipc" })
        #expect(namespace("ipc", in: own)?["path"]?.string == "/proc/7/ns/ipc")
        #expect(namespace("uts", in: own)?["path"]?.string == "/proc/42/ns/uts")
        #expect(own.network == .vnode)
    }

    @Test func aHostNamespaceIsTheVNodes() throws {
        let bundle = try rewritten { spec in
            spec["linux"]?["namespaces"] = [["type": "mount"]]
            spec["hostname"] = "node"
        }
        for type in ["pid", "ipc", "uts"] { #expect(namespace(type, in: bundle)?["path"]?.string == "/proc/42/ns/\(type)") }
        #expect(bundle.spec["hostname"] == nil)
        #expect(bundle.network == .vnode)
    }

    @Test func theHostnameOfANewUTSNamespaceIsKept() throws {
        let bundle = try rewritten { $0["hostname"] = "web-0" }
        #expect(bundle.spec["hostname"] == "web-0")
    }

    /// An engine that remounts what is staged without devices has to say so; one that does not must not begin to.
    @Test func aRemountKeepsWhatIsLocked() throws {
        let volume: JSON = "/var/lib/kubelet/pods/uid-1/volumes/kubernetes.io~empty-dir/a"
        let asked: [JSON] = [
            ["rbind", "rprivate", "rw"], ["rbind", "ro"], ["bind", "dev", "noexec"], [], ["bind", "rw", "nosuid"], ["rbind", "rw"],
        ]
        var bundle = try rewritten { spec in
            spec["mounts"] = .array(asked.map { ["destination": "/a", "type": "bind", "source": volume, "options": $0] })
        }
        let lines = asked.indices.map { index in
            "\(index) 1 8:1 / /inner/c/mounts/\(index) \(index > 3 ? "ro" : "rw"),nodev,relatime - ext4 /dev/sda rw"
        }
        bundle.keepFlags(MountTable(lines.joined(separator: "\n")))
        let expected: [JSON] = [
            ["rbind", "rprivate", "rw"], ["rbind", "ro", "nodev"], ["bind", "noexec", "nodev"], [], ["bind", "nosuid", "nodev", "ro"],
            ["rbind", "nodev", "ro"],
        ]
        #expect(bundle.spec["mounts"]?.array?.map { $0["options"] } == expected)
    }

    @Test func sourcesOfKubeletAreTheNodesOthersTheVNodes() throws {
        let volume = "/var/lib/kubelet/pods/uid-1/volumes/kubernetes.io~empty-dir/a"
        let bundle = try rewritten { spec in
            spec["mounts"] = [
                ["destination": "/proc", "type": "proc", "source": "proc"],
                ["destination": "/a", "type": "bind", "source": .string(volume), "options": ["rbind", "rw", "idmap"]],
                ["destination": "/b", "type": "bind", "source": "/var/lib/kubelet/pods/uid-2/volumes/x"],
                ["destination": "/c", "source": "/var/lib/kubelet/pods/uid-1/../uid-2/x", "options": ["bind"]],
                ["destination": "/tmp", "type": "tmpfs", "source": "tmpfs"],
            ]
        }
        let mounts = try #require(bundle.spec["mounts"]?.array)
        #expect(
            mounts[0] == [
                "destination": "/proc", "type": "bind", "source": "/inner/c/proc", "options": ["rbind", "nosuid", "nodev", "noexec"],
            ])
        #expect(mounts[1]["source"] == "/inner/c/mounts/1")
        #expect(mounts[1]["options"] == ["rbind", "rw"])
        #expect(mounts[4] == ["destination": "/tmp", "type": "tmpfs", "source": "tmpfs"])
        let place = ManagedPaths.Place(base: "/var/lib/kubelet/pods/uid-1", rest: "volumes/kubernetes.io~empty-dir/a")
        #expect(
            bundle.sources.map(\.origin) == [
                .node(place), .outer("/var/lib/kubelet/pods/uid-2/volumes/x"), .outer("/var/lib/kubelet/pods/uid-1/../uid-2/x"),
            ])
        #expect(bundle.sources.allSatisfy { $0.shownAt == nil })
    }

    @Test func theShmOfAPodIsShownOnce() throws {
        let shm = "/run/containerd/io.containerd.grpc.v1.cri/sandboxes/sand/shm"
        var spec = minimal
        spec["mounts"] = [["destination": "/dev/shm", "type": "bind", "source": .string(shm)]]
        var told = surroundings()
        #expect(try BundleRewrite(spec, in: told).sources[0].shownAt == nil)
        told.pod?.isSandbox = true
        #expect(try BundleRewrite(spec, in: told).sources[0].shownAt == shm)
    }

    private func rest(_ source: String, of pod: PodAnnotations?) throws(Failure) -> String? {
        try ManagedPaths().place(of: source, pod: pod, container: "c")?.rest
    }

    @Test func aPodOfNoUIDHasNoVolumesOfTheNodes() throws {
        var nobody = pod
        nobody.uid = ""
        #expect(try rest("/var/lib/kubelet/pods//volumes/a/b", of: nobody) == nil)
        nobody.uid = ".."
        #expect(try rest("/var/lib/kubelet/pods/../volumes/a/b", of: nobody) == nil)
        #expect(try rest("/var/lib/kubelet/pods/uid-1/etc-hosts", of: nil) == nil)
    }

    @Test(arguments: [
        "etc-hosts", "containers/main/0a1b", "volumes/kubernetes.io~secret/s", "volumes/kubernetes.io~csi/pv/mount",
        "volume-subpaths/v/main/0",
    ]) func whatTheKubeletGivesAContainerIsTheNodes(_ place: String) throws {
        #expect(try rest("/var/lib/kubelet/pods/uid-1/" + place, of: pod) == place)
    }

    @Test(arguments: [
        ("/run/containerd", "sandboxes/sand/shm"), ("/var/lib/containerd", "sandboxes/sand/resolv.conf"),
        ("/var/lib/containerd", "containers/c/volumes/0a"),
    ]) func whatContainerdGivesAContainerIsTheNodes(_ top: String, _ place: String) throws {
        #expect(try rest("\(top)/io.containerd.grpc.v1.cri/\(place)", of: pod) != nil)
    }

    /// containerd follows a symlink at the end of a hostPath, which an author has made once the pod's uid was known.
    @Test(arguments: [
        "", "/volumes", "/volumes/kubernetes.io~configmap", "/volumes/kubernetes.io~empty-dir/a/b", "/volumes/kubernetes.io~csi/pv",
        "/volumes/kubernetes.io~empty-dir/a/mount", "/containers", "/containers/main", "/plugins/x", "/volume-subpaths/v/main",
        "/volume-subpaths/v/main/0/x", "/etc-hosts/x",
    ]) func aDirectoryAboveOrWithinIsRefused(_ place: String) {
        #expect(throws: Failure.self) { try rest("/var/lib/kubelet/pods/uid-1" + place, of: pod) }
    }

    @Test(arguments: ["sandboxes/sand", "sandboxes/sand/shm/x", "containers/c", "containers/c/volumes", "containers/c/status"])
    func containerdsOwnIsRefused(_ place: String) {
        #expect(throws: Failure.self) { try rest("/run/containerd/io.containerd.grpc.v1.cri/" + place, of: pod) }
    }

    @Test func anImageAsAVolumeAndAPartOfIt() throws {
        let top = "/run/containerd/io.containerd.grpc.v1.cri/image-volumes/"
        let place = try #require(try ManagedPaths().place(of: top + "sand/0a", pod: pod, container: "c"))
        #expect(place.isImage && place.splitImage == ("0a", ""))
        let part = try #require(try ManagedPaths().place(of: top + "sand/0a/usr/lib", pod: pod, container: "c"))
        #expect(part.splitImage == ("0a", "usr/lib"))
        #expect(throws: Failure.self) { try rest(top + "sand", of: pod) }
        #expect(try rest(top + "other/0a", of: pod) == nil)
    }

    @Test func theContentOfAVolumeOfACSIDriverIsOneBelow() {
        #expect(ManagedPaths.content(of: "/v", plugin: "kubernetes.io~csi") == "/v/mount")
        #expect(ManagedPaths.content(of: "/v", plugin: "kubernetes.io~secret") == "/v")
    }

    @Test func whatTheKubeletWritesNoContainerDoes() {
        for plugin in ["configmap", "secret", "projected", "downward-api"] {
            #expect(ManagedPaths.isWrittenByKubelet(plugin: "kubernetes.io~" + plugin))
        }
        #expect(!ManagedPaths.isWrittenByKubelet(plugin: "kubernetes.io~empty-dir"))
    }

    @Test func masksOfTheTreesAreLeftOutSysctlsTakenOut() throws {
        let bundle = try rewritten { spec in
            spec["linux"]?["maskedPaths"] = ["/proc/kcore", "/sys/firmware", "/etc/secret"]
            spec["linux"]?["readonlyPaths"] = ["/proc/sys"]
            spec["linux"]?["sysctl"] = ["net.ipv4.ip_forward": "1"]
        }
        #expect(bundle.spec["linux"]?["maskedPaths"] == ["/etc/secret"])
        #expect(bundle.spec["linux"]?["readonlyPaths"] == [])
        #expect(bundle.spec["linux"]?["sysctl"] == nil)
        #expect(bundle.sysctls == ["net.ipv4.ip_forward": "1"])
    }

    @Test func sysctlsAreWrittenByWhoIsNotAskedToLeaveThemAlone() throws {
        #expect(try rewritten().mayWriteSysctls)
        #expect(try rewritten { $0["linux"]?["readonlyPaths"] = ["/proc/bus", "/proc/sysrq-trigger"] }.mayWriteSysctls)
        #expect(try !rewritten { $0["linux"]?["readonlyPaths"] = ["/proc/bus", "/proc/sys"] }.mayWriteSysctls)
    }

    @Test func profilesAreLeftOutWhereNobodyCanLoadThem() throws {
        #expect(try rewritten().spec["process"]?["apparmorProfile"] == nil)
        var told = surroundings()
        told.hasAppArmor = true
        #expect(try BundleRewrite(minimal, in: told).spec["process"]?["apparmorProfile"] == "cri-containerd.apparmor.d")
    }

    @Test func whatAVNodeHasNotIsRefused() {
        let refused: [(String, (inout JSON) -> Void)] = [
            ("hooks.prestart: not supported", { $0["hooks"] = ["prestart": [["path": "/bin/true"]]] }),
            ("hostUsers: false", { $0["linux"]?["namespaces"] = [["type": "mount"], ["type": "user"]] }),
            ("hostUsers: false", { $0["linux"]?["uidMappings"] = [["containerID": .signed(0)]] }),
            ("mount by path", { $0["linux"]?["namespaces"] = [["type": "mount", "path": "/proc/1/ns/mnt"]] }),
            ("no mount namespace", { $0["linux"]?["namespaces"] = [] }),
            ("process.user.uid: 65536", { $0["process"]?["user"]?["uid"] = .signed(65536) }),
            ("additionalGids: 70000", { $0["process"]?["user"]?["additionalGids"] = [.signed(70000)] }),
            ("no root.path", { $0["root"] = nil }),
            ("no linux section", { $0["linux"] = nil }),
            ("no absolute destination", { $0["mounts"] = [["destination": "a"]] }),
            ("no absolute path", { $0["mounts"] = [["destination": "/a", "type": "bind", "source": "a"]] }),
            ("linux.sysctl.x: not a text", { $0["linux"]?["sysctl"] = ["x": .bool(true)] }),
        ]
        for (words, change) in refused {
            let failure = #expect(throws: Failure.self) { try rewritten(change) }
            #expect(failure?.message.contains(words) == true, "\(words): \(failure?.message ?? "")")
        }
    }

    /// Paths of these options would be staging's, which has the node's /etc.
    @Test func fileSystemsThatAreNotMadeInTheContainerAreRefused() {
        for type in ["overlay", "ext4", "nfs", "fuse", "ramfs", "securityfs", "Proc", "none", ""] {
            let failure = #expect(throws: Failure.self) {
                try rewritten { spec in
                    spec["mounts"] = [
                        ["destination": "/x", "type": .string(type), "source": "o", "options": ["lowerdir=/node/etc:/node/usr"]]
                    ]
                }
            }
            #expect(failure?.message.contains("mounts: /x: a file system of the type \"\(type)\"") == true)
        }
        for type in ["tmpfs", "devpts", "mqueue", "cgroup", "cgroup2"] {
            let mount: JSON = ["destination": "/x", "type": .string(type), "source": "s", "options": ["ro", "idmap=uids=0-1-1"]]
            let bundle = try? rewritten { $0["mounts"] = [mount] }
            #expect(bundle?.spec["mounts"] == [["destination": "/x", "type": .string(type), "source": "s", "options": ["ro"]]])
        }
    }

    @Test func aBindIsOneWhateverItsTypeSays() throws {
        let bundle = try rewritten { $0["mounts"] = [["destination": "/x", "type": "overlay", "source": "/a", "options": ["bind"]]] }
        let mount: JSON = ["destination": "/x", "type": "bind", "source": "/inner/c/mounts/0", "options": ["bind"]]
        #expect(bundle.spec["mounts"] == [mount])
        #expect(bundle.sources.map(\.origin) == [.outer("/a")])
    }

    @Test func annotationsThatEnginesObeyAreRefused() throws {
        for name in ["run.oci.seccomp_bpf_data", "run.oci.handler", "org.systemd.property.MemoryMax", "module.wasm.image/variant"] {
            let failure = #expect(throws: Failure.self) { try rewritten { $0["annotations"] = ["a": "b", "\(name)": "x"] } }
            #expect(failure?.message.contains("annotations: \(name): not supported") == true)
        }
        let kept: JSON = ["io.kubernetes.cri.sandbox-name": "x", "run.ocix": "y", "RUN.OCI.handler": "z"]
        #expect(try rewritten { $0["annotations"] = kept }.spec["annotations"] == kept)
    }

    /// An engine in Go reads them all the same.
    @Test func namesOfFieldsAreExact() throws {
        let wrong: [(String, (inout JSON) -> Void)] = [
            ("Hooks: must be written hooks", { $0["Hooks"] = ["prestart": [["path": "/bin/true"]]] }),
            ("hoo\u{212a}s", { $0["hoo\u{212a}s"] = ["prestart": []] }), ("proceſſ", { $0["proceſſ"] = [:] }),
            ("linux.Seccomp", { $0["linux"]?["Seccomp"] = [:] }), ("linux.SYSCTL", { $0["linux"]?["SYSCTL"] = [:] }),
            ("process.User", { $0["process"]?["User"] = ["uid": .signed(0)] }),
            ("process.user.UID", { $0["process"]?["user"]?["UID"] = .signed(0) }), ("root.Path", { $0["root"]?["Path"] = "/" }),
            ("mounts.Source", { $0["mounts"] = [["destination": "/x", "type": "tmpfs", "source": "t", "Source": "/"]] }),
            ("linux.namespaces.Path", { $0["linux"]?["namespaces"] = [["type": "mount", "Path": "/proc/1/ns/mnt"]] }),
            ("linux.resources.Devices", { $0["linux"]?["resources"] = ["Devices": []] }),
        ]
        for (words, change) in wrong {
            let failure = #expect(throws: Failure.self) { try rewritten(change) }
            #expect(failure?.message.contains(words) == true, "\(words): \(failure?.message ?? "")")
        }
        #expect(throws: Failure.self) { try BundleRewrite.process(["Args": ["sh"]], hasAppArmor: false) }
        // Names that others choose, and what nobody reads.
        let bundle = try rewritten { spec in
            spec["annotations"] = ["Hooks": "a", "ö": "b"]
            spec["linux"]?["resources"] = ["unified": ["Memory": "1"]]
            spec["vendor"] = ["Args": "x", "ö": "y"]
        }
        #expect(bundle.spec["annotations"] == ["Hooks": "a", "ö": "b"])
        #expect(bundle.spec["vendor"] == ["Args": "x", "ö": "y"])
    }

    @Test func theSpecificationsNamesAreTold() {
        #expect(Set(KnownKeys.all.map { $0.lowercased() }).count == KnownKeys.all.count)
    }

    @Test func aBundleThatIsTooLongIsRefused() throws {
        let directory = "/tmp/vnode-bundle-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        try Directories.make(directory)
        defer { try? Directories.removeTree(directory) }
        let file = try Files.open(directory + "/config.json", flags: O_WRONLY | O_CREAT, mode: 0o600)
        try Files.write([UInt8](repeating: 0x20, count: 5 << 20), to: file)
        let failure = #expect(throws: Failure.self) { try Bundle(directory) }
        #expect(failure?.message == "reading the bundle: \(directory)/config.json: EFBIG: longer than 4 MiB")
    }

    @Test func oddShapesAreErrorsOrLeftAlone() throws {
        for odd in [JSON.null, .bool(true), .array([]), .string("x"), .signed(1)] {
            #expect(throws: Failure.self) { try BundleRewrite(odd, in: surroundings()) }
            _ = try? rewritten { $0["mounts"] = odd }
            _ = try? rewritten { $0["process"] = odd }
            _ = try? rewritten { $0["linux"]?["namespaces"] = odd }
            _ = try? rewritten { $0["mounts"] = [odd] }
        }
    }
}

@Suite struct JSONTests {
    @Test func whatIsReadIsWritten() throws {
        let text = #"{"a":[1,-2,18446744073709551615,1.5,true,null,"x/y"],"b":{}}"#
        #expect(String(decoding: try JSON(Array(text.utf8)).bytes(), as: UTF8.self) == text)
        #expect(throws: (any Error).self) { try JSON(Array("{".utf8)) }
        #expect(throws: (any Error).self) { try JSON(Array(String(repeating: "[", count: 100_000).utf8)) }
    }
}
