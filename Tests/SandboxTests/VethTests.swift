import Testing

@testable import Sandbox

@Suite struct VethTests {
    @Test func theNodesEndBelievesNothing() {
        let pair = VethPair(uidBase: 65536)
        let ofIPv4 = [
            "ipv4/conf/vnode1/accept_redirects=0", "ipv4/conf/vnode1/send_redirects=0", "ipv4/conf/vnode1/rp_filter=1",
        ]
        let ofIPv6 = ["ipv6/conf/vnode1/accept_ra=0", "ipv6/conf/vnode1/accept_redirects=0", "ipv6/conf/vnode1/autoconf=0"]
        #expect(pair.settings(hasIPv6: false).map { "\($0.path)=\($0.value)" } == ofIPv4)
        #expect(pair.settings(hasIPv6: true).map { "\($0.path)=\($0.value)" } == ofIPv4 + ofIPv6)
    }
}
