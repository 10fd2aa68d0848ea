/// `manifests/vnode-fs.service`, as the program carries it; a test holds them together.
public enum UnitFile {
    public static func text(programs directory: String) -> String {
        """
        [Unit]
        Description=vNode file service: emulated /proc and /sys for containers
        Documentation=man:fuse(4)
        Before=containerd.service
        # Started again however often it ended: a unit that has failed loses what it has stored.
        StartLimitIntervalSec=0

        [Service]
        Type=notify
        NotifyAccess=main
        ExecStart=\(directory)/vnode-fs serve
        ExecReload=\(directory)/vnode-fs upgrade
        Restart=always
        RestartSec=100ms
        # What the daemon holds outlives it here: five descriptors a vNode, one a control connection. Dropped by `systemctl stop`, kept by
        # `systemctl restart` and over a crash.
        FileDescriptorStoreMax=65536
        KillMode=mixed
        TimeoutStopSec=5
        RuntimeDirectory=vnode
        RuntimeDirectoryMode=0700
        RuntimeDirectoryPreserve=yes
        OOMScoreAdjust=-900
        # A thread for each vNode whose system calls are being answered.
        TasksMax=4096
        LimitNOFILE=1048576
        NoNewPrivileges=yes
        # With --metrics on a port, AF_INET and AF_INET6 too.
        RestrictAddressFamilies=AF_UNIX

        [Install]
        WantedBy=multi-user.target

        """
    }
}
