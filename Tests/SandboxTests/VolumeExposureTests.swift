import Glibc
import Testing

@testable import Sandbox

@Suite struct VolumeExposureTests {
    @Test func whoGetsToAVolumeIsUpToWhatIsAboveIt() {
        let modes: [String: mode_t] = [
            "/": 0o40755, "/srv": 0o40755, "/srv/open": 0o40700, "/root": 0o40700, "/tmp": 0o41777, "/odd": 0o40754,
        ]
        let mode = { (path: String) in modes[path] }
        #expect(VolumeExposure.isReachable("/srv/open", mode: mode))
        #expect(VolumeExposure.isReachable("/tmp/a", mode: mode))
        #expect(VolumeExposure.isReachable("/srv", mode: mode))
        #expect(VolumeExposure.isReachable("/", mode: mode))
        for path in ["/srv/open/below", "/root/vol", "/root/a/b", "/odd/a", "/gone/a"] {
            #expect(!VolumeExposure.isReachable(path, mode: mode), "\(path)")
        }
    }
}
