import CFlotillaLinux
import Glibc
import Synchronization

/// A serial executor that owns one thread and, optionally, watches one socket and keeps one timer.
///
/// An actor that adopts it runs on that thread only: a C handle that must not be shared between threads
/// stays confined, and a blocking C call parks this thread instead of one of the cooperative pool.
package final class ThreadExecutor: SerialExecutor {
    private struct Watch {
        var descriptor: CInt
        var onReadable: @Sendable () -> Void
        var onWritable: (@Sendable () -> Void)?

        var events: Int16 { Int16(POLLIN) | (onWritable == nil ? 0 : Int16(POLLOUT)) }
    }

    private struct Tick {
        var interval: Duration
        var due: ContinuousClock.Instant
        var body: @Sendable () -> Void
    }

    private struct Alarm {
        var due: ContinuousClock.Instant
        var body: @Sendable () -> Void
    }

    private struct State {
        var jobs: [UnownedJob] = []
        var blocks: [@Sendable () -> Void] = []
        var isAsleep = false
        var isStopped = false
        /// The thread is gone; work that still comes gets a short-lived new one, so that no caller waits for ever.
        var hasEnded = false
        var watch: Watch?
        var tick: Tick?
        var alarms: [Alarm] = []
        var thread: pthread_t?

        /// When the thread has to wake up by itself.
        var nextDue: ContinuousClock.Instant? {
            var next = tick?.due
            for alarm in alarms where next.map({ alarm.due < $0 }) ?? true { next = alarm.due }
            return next
        }

        /// Takes what is due out of the alarms, and moves the tick on.
        mutating func takeDue(at now: ContinuousClock.Instant) -> [@Sendable () -> Void] {
            var due: [@Sendable () -> Void] = []
            if let tick, tick.due <= now {
                self.tick?.due = now + tick.interval
                due.append(tick.body)
            }
            if alarms.contains(where: { $0.due <= now }) {
                due += alarms.filter { $0.due <= now }.map(\.body)
                alarms.removeAll { $0.due <= now }
            }
            return due
        }
    }

    package let name: String
    private let wake: EventDescriptor
    private let state = Mutex(State())

    /// Starts the thread at once; it lives until ``stop()``.
    ///
    /// When the kernel refuses a thread, it is asked again every tenth of a second, and what is submitted waits. Without a
    /// descriptor to be woken by, the thread looks for work every ``EventDescriptor/pollInterval``.
    package convenience init(name: String) { self.init(name: name, wake: EventDescriptor()) }

    init(name: String, wake: EventDescriptor) {
        self.name = name
        self.wake = wake
        startThread()
    }

    private func startThread() {
        var thread = pthread_t()
        let retained = unsafe Unmanaged.passRetained(self).toOpaque()
        // Not left to the machine's limit, which can be as small as 2 MiB: a hostile message can need more.
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        defer { unsafe pthread_attr_destroy(&attributes) }
        unsafe pthread_attr_setstacksize(&attributes, 8 << 20)
        let status = unsafe pthread_create(
            &thread,
            &attributes,
            { context in
                guard let context = unsafe context else { return nil }
                unsafe Unmanaged<ThreadExecutor>.fromOpaque(context).takeRetainedValue().loop()
                return nil
            },
            retained
        )
        guard status == 0 else {
            unsafe Unmanaged<ThreadExecutor>.fromOpaque(retained).release()
            ResourceShortage.report("a thread", status)
            Task {
                try? await Task.sleep(for: .milliseconds(100))
                startThread()
            }
            return
        }
        pthread_detach(thread)
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        submit { $0.jobs.append(job) }
    }

    /// Runs `block` on the thread, after what is already queued. Unlike a task it costs no allocation of a job.
    package func run(_ block: @escaping @Sendable () -> Void) {
        submit { $0.blocks.append(block) }
    }

    /// Lets `assumeIsolated` recognise this thread when no task is running on it.
    package func isIsolatingCurrentContext() -> Bool? { isCurrentThread }

    package func checkIsolated() {
        precondition(isCurrentThread, "not on the thread of \(name)")
    }

    package var isCurrentThread: Bool {
        state.withLock { state in state.thread.map { pthread_equal($0, pthread_self()) != 0 } ?? false }
    }

    /// Calls `onReadable` on the thread while the descriptor has data, has hung up or is in error.
    package func watch(_ descriptor: CInt, onReadable: @escaping @Sendable () -> Void) {
        submit { $0.watch = Watch(descriptor: descriptor, onReadable: onReadable) }
    }

    package func unwatch() { state.withLock { $0.watch = nil } }

    /// Calls `onWritable` once, when the watched descriptor takes data again. Only from the executor's thread.
    package func awaitWritable(_ onWritable: @escaping @Sendable () -> Void) {
        state.withLock { $0.watch?.onWritable = onWritable }
    }

    /// Calls `body` on the thread every `interval`, one interval from now first; replaces an earlier timer.
    package func tick(every interval: Duration, _ body: @escaping @Sendable () -> Void) {
        submit { $0.tick = Tick(interval: interval, due: .now + interval, body: body) }
    }

    /// Calls `body` on the thread once, `delay` from now; it can't be called off.
    package func schedule(after delay: Duration, _ body: @escaping @Sendable () -> Void) {
        submit { $0.alarms.append(Alarm(due: .now + delay, body: body)) }
    }

    /// Ends the thread once what is already queued has run.
    package func stop() {
        submit { state in
            state.isStopped = true
            state.watch = nil
            state.tick = nil
            state.alarms = []
        }
    }

    private func submit(_ change: (inout sending State) -> Void) {
        let (mustWake, mustStart) = state.withLock { state in
            change(&state)
            defer {
                state.isAsleep = false
                state.hasEnded = false
            }
            return (state.isAsleep, state.hasEnded)
        }
        if mustStart { return startThread() }
        if mustWake { wake.signal() }
    }

    private func loop() {
        _ = unsafe name.withCString { unsafe fleet_name_thread($0) }
        state.withLock { $0.thread = pthread_self() }
        while true {
            let turn = state.withLock { state in
                let taken = (jobs: state.jobs, blocks: state.blocks, isStopped: state.isStopped)
                state.isAsleep = taken.jobs.isEmpty && taken.blocks.isEmpty
                state.hasEnded = state.isAsleep && taken.isStopped
                state.jobs.removeAll(keepingCapacity: true)
                state.blocks.removeAll(keepingCapacity: true)
                return taken
            }
            let isIdle = turn.jobs.isEmpty && turn.blocks.isEmpty
            if isIdle && turn.isStopped { return }
            for job in turn.jobs { unsafe job.runSynchronously(on: asUnownedSerialExecutor()) }
            for block in turn.blocks { block() }
            wait(mayBlock: isIdle)
        }
    }

    /// Waits for a wake-up, the socket or a timer, and serves the last two.
    private func wait(mayBlock: Bool) {
        let wakeDescriptor = wake.descriptor
        // Looked at after that: what was submitted while there was no descriptor has woken nobody.
        let (watch, due, isAsleep) = state.withLock { ($0.watch, $0.nextDue, $0.isAsleep) }
        var timeout: CInt = mayBlock && isAsleep ? -1 : 0
        if timeout != 0, let due {
            timeout = CInt(clamping: max(0, (due - .now).wholeMilliseconds + 1))
        }
        if wakeDescriptor < 0, timeout != 0 {
            let interval = CInt(clamping: EventDescriptor.pollInterval.wholeMilliseconds)
            timeout = timeout < 0 ? interval : min(timeout, interval)
        }
        var descriptors = [
            pollfd(fd: wakeDescriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: watch?.descriptor ?? -1, events: watch?.events ?? 0, revents: 0),
        ]
        _ = unsafe poll(&descriptors, 2, timeout)
        state.withLock { $0.isAsleep = false }
        if descriptors[0].revents != 0 { wake.reset() }
        if let watch { serve(watch, descriptors[1].revents) }
        if let due, due <= .now {
            for body in state.withLock({ $0.takeDue(at: .now) }) { body() }
        }
    }

    private func serve(_ watch: Watch, _ events: Int16) {
        if events & Int16(POLLOUT) != 0, let onWritable = watch.onWritable {
            state.withLock { $0.watch?.onWritable = nil }
            onWritable()
        }
        if events & ~Int16(POLLOUT) != 0 { watch.onReadable() }
    }
}

extension Duration {
    fileprivate var wholeMilliseconds: Int64 {
        components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000
    }
}
