import CInit

// PID 1 of a vNode: reaps, passes on signals, ends. Everything it keeps in memory is paid once a vNode.

enum Signal {
    static let hangup = 1
    static let interrupt = 2
    static let quit = 3
    static let user1 = 10
    static let user2 = 12
    static let terminate = 15
}

/// Blocks all signals: they are taken one by one, so none can interrupt or end this process unseen.
func block() {
    var all = ~UInt64(0)
    _ = withUnsafeMutablePointer(to: &all) { init_call(init_number(init_mask), 0, Int(bitPattern: $0), 0, 8) }
}

/// The next signal; a negative number after `milliseconds` without one (nil: no limit).
func next(within milliseconds: Int?) -> Int {
    var all = ~UInt64(0)
    var limit: (Int, Int) = (0, (milliseconds ?? 0) * 1_000_000)
    return withUnsafeMutablePointer(to: &all) { all in
        withUnsafeMutablePointer(to: &limit) {
            init_call(init_number(init_signal), Int(bitPattern: all), 0, milliseconds == nil ? 0 : Int(bitPattern: $0), 8)
        }
    }
}

func reap() {
    while init_call(init_number(init_wait), -1, 0, 1, 0) > 0 {}
}

/// Sends to every other process of the vNode; 0 only asks whether there is one.
func send(_ signal: Int) -> Bool { init_call(init_number(init_kill), -1, signal, 0, 0) == 0 }

func run() {
    block()
    var ending = false
    while true {
        switch next(within: ending ? 20 : nil) {
        case Signal.terminate:
            ending = true
            _ = send(Signal.terminate)
        case let signal
        where signal == Signal.hangup || signal == Signal.interrupt || signal == Signal.quit || signal == Signal.user1
            || signal == Signal.user2:
            _ = send(signal)
        default: break
        }
        reap()
        // Processes of an inner container are not children of PID 1: only asking tells that they have gone.
        if ending && !send(0) { return }
    }
}

/// kill(2) to -1 means the vNode only for its PID 1. For anybody else it is the whole machine.
func refuse() {
    let message: StaticString = "vnode-init: runs as PID 1 of a vNode only\n"
    _ = init_call(init_number(init_write), 2, Int(bitPattern: message.utf8Start), message.utf8CodeUnitCount, 0)
    _ = init_call(init_number(init_exit), 1, 0, 0, 0)
}

if init_call(init_number(init_getpid), 0, 0, 0, 0) != 1 { refuse() }
run()
