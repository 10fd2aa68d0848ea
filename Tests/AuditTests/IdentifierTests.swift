import Testing

@testable import Audit

@Suite struct IdentifierTests {
    @Test func mountTablesGiveWhatOnlyThisMachineHas() {
        let mountinfo = """
            22 27 0:21 / /proc rw - proc proc rw
            27 1 254:0 / / rw - ext4 /dev/vda rw
            40 27 0:50 / /var/lib/docker/overlay2/abc/merged rw - overlay overlay rw,lowerdir=/var/lib/l/A:/var/lib/l/B,upperdir=/var/lib/u
            41 27 254:0 /data/secret /mnt rw - ext4 /dev/vda rw
            42 27 254:0 /etc/resolv.conf /etc/resolv.conf rw - ext4 /dev/vda rw
            broken
            """
        #expect(
            MountSources.paths(mountinfo) == [
                "/dev/vda", "/var/lib/docker/overlay2/abc/merged", "/var/lib/l/A", "/var/lib/l/B", "/var/lib/u", "/data/secret",
            ])
    }

    @Test(arguments: ["", "None", "Not Specified", "To Be Filled By O.E.M.", "00:00:00:00:00:00", "0123456789", "Default string", "1.0"])
    func whatManyMachinesSayIsNoIdentifier(_ value: String) { #expect(!NodeIdentifiers.isTelling(value)) }

    @Test func uuidsAreSeen() {
        #expect(NodeIdentifiers.isUUID("root=UUID=570f6b0f-0028-4149-8e01-05eff936619a"))
        #expect(!NodeIdentifiers.isUUID("570f6b0f-0028-4149-8e01-05eff936619"))
        #expect(!NodeIdentifiers.isUUID("quiet"))
    }

    @Test func wordsAreWhole() {
        let search = IdentifierSearch([Identifier(name: "hostname", value: "Node-7")])
        for text in ["node-7", "at NODE-7.example\n", "(node-7)", "/x/node-7/y"] {
            #expect(search.found(in: Array(text.utf8)).count == 1, "\(text)")
        }
        for text in ["node-71", "xnode-7", "node_7", "nod", ""] { #expect(search.found(in: Array(text.utf8)).isEmpty, "\(text)") }
    }
}
