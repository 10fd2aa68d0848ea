import Testing

@testable import Sandbox

@Suite struct OverlayLayersTests {
    @Test func layersOfAMount() {
        let layers = OverlayLayers(options: "rw,lowerdir=/s/2/fs:/s/1/fs,upperdir=/s/9/fs,workdir=/s/9/work,volatile")
        #expect(layers?.lower == ["/s/2/fs", "/s/1/fs"])
        #expect(layers?.upper == "/s/9/fs")
        #expect(layers?.work == "/s/9/work")
        #expect(layers?.isVolatile == true)
        #expect(layers?.isLabelled == false)
        #expect(OverlayLayers(options: "rw,lowerdir=/a,fsync=volatile")?.options == ["volatile"])
    }

    @Test func optionsThatSayHowLayersAreRead() {
        let layers = OverlayLayers(options: "rw,lowerdir=/a,redirect_dir=on,index=on,metacopy=on,xino=off,uuid=on,nfs_export=on,userxattr")
        #expect(layers?.options == ["redirect_dir=on", "metacopy=on", "xino=off", "userxattr"])
        #expect(OverlayLayers(options: #"rw,context="system_u:object_r:container_file_t:s0:c1,c2",lowerdir=/a"#)?.isLabelled == true)
    }

    @Test func relativeLayersLieBesideTheUpperOne() {
        let layers = OverlayLayers(options: "rw,lowerdir=2/fs:1/fs,upperdir=/var/s/9/fs,workdir=/var/s/9/work")
        #expect(layers?.lower == ["/var/s/2/fs", "/var/s/1/fs"])
    }

    @Test func layersOfTheNewMountInterface() {
        let layers = OverlayLayers(options: "rw,lowerdir+=/a,lowerdir+=/b,upperdir=/u,workdir=/w")
        #expect(layers?.lower == ["/a", "/b"])
    }

    @Test func whatIsEscapedIsOneName() throws {
        let layers = OverlayLayers(options: #"lowerdir=/a\:b:/c\,d"#)
        #expect(layers?.lower == ["/a:b", "/c,d"])
        #expect(layers?.upper == nil)
    }
}

@Suite struct CgroupsPathTests {
    @Test func cgroupfs() throws {
        let path = try CgroupsPath("/kubepods/burstable/pod1/abc", isSystemd: false, vnode: "/vnode/v", container: "abc")
        #expect(path.directory == "/kubepods/burstable/pod1/abc")
        #expect(path.told == "/kubepods/burstable/pod1/abc")
        #expect(path.top == "/kubepods/burstable/pod1")
        #expect(try CgroupsPath("", isSystemd: false, vnode: "/vnode/v", container: "x").directory == "/vnode/v/c-x")
        #expect(throws: Failure.self) { try CgroupsPath("/a/../b", isSystemd: false, vnode: "", container: "") }
        // The kernel ends at the NUL, and finds the / that is a Character with the mark after it.
        for text in ["/a\u{0}", "/a/\u{301}/../../../b", "/a/..\u{301}", "/ä"] {
            #expect(throws: Failure.self) { try CgroupsPath(text, isSystemd: false, vnode: "", container: "") }
        }
        #expect(try CgroupsPath("/a", isSystemd: false, vnode: "", container: "").top == "/")
    }

    @Test func systemd() throws {
        let text = "kubepods-burstable-pod1_2.slice:cri-containerd:abc"
        let path = try CgroupsPath(text, isSystemd: true, vnode: "", container: "abc")
        #expect(path.told == text)
        #expect(path.directory == "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1_2.slice/cri-containerd-abc.scope")
        #expect(path.top == "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1_2.slice")
        #expect(try CgroupsPath(":a:b", isSystemd: true, vnode: "", container: "").directory == "/system.slice/a-b.scope")
        #expect(try CgroupsPath("-.slice::b", isSystemd: true, vnode: "", container: "").directory == "/b.scope")
    }

    @Test func aProcessIsInTheCgroupOrBelow() {
        let at = { (path: String) in ContainerCgroup.isIn("1:name=systemd:/\n0::\(path)\n", path: "/pod/a.scope") }
        for path in ["/pod/a.scope", "/pod/a.scope/container"] { #expect(at(path)) }
        for path in ["/pod/a.scope2", "/pod", "/", "/pod/b.scope/pod/a.scope", ""] { #expect(!at(path)) }
    }

    @Test(arguments: ["/kubepods/a", "a:b", "a--b.slice:x:y", "x:y:z", "a.slice:../:b", "a.slice:b:"]) func notSystemds(_ text: String) {
        #expect(throws: Failure.self) { try CgroupsPath(text, isSystemd: true, vnode: "", container: "") }
    }
}
