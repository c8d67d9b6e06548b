import FlotillaPlatform
import Glibc
import Synchronization
import Testing

/// What happens when the kernel has no descriptor left: tried in a process of its own, which takes all of them.
///
/// What waits for such processes takes the ends of all others as well, those of ``Supervisor`` too, whose tests would wait
/// for ever: ops/test.sh runs these tests alone.
struct ShortageTests {
    private static let isAlone = getenv("FLOTILLA_TESTS_ALONE") != nil

    @Test func `a signal is noticed until it is reset`() {
        let signal = WakeSignal()
        #expect(!signal.isSignalled)
        signal.signal()
        #expect(signal.isSignalled)
        signal.reset()
        #expect(!signal.isSignalled)
    }

    @Test(.enabled(if: isAlone, "other tests have child processes"))
    func `without a descriptor an executor does its work, and a signal has one as soon as there is one`() async {
        await #expect(processExitsWith: .success) {
            // As many as the machine allows may be a billion.
            var limit = rlimit(rlim_cur: 256, rlim_max: 256)
            precondition(setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
            var taken: [CInt] = []
            while case let descriptor = open("/dev/null", O_RDONLY), descriptor >= 0 { taken.append(descriptor) }
            let executor = ThreadExecutor(name: "test")
            for _ in 0..<3 {
                await withCheckedContinuation { continuation in executor.run { continuation.resume() } }
            }
            let signal = WakeSignal()
            precondition(signal.descriptor < 0)
            signal.signal()
            precondition(signal.isSignalled)
            for descriptor in taken.prefix(10) { close(descriptor) }
            precondition(signal.descriptor >= 0)
            for _ in 0..<3 {
                await withCheckedContinuation { continuation in executor.run { continuation.resume() } }
            }
            executor.stop()
        }
    }

    @Test(
        .enabled(if: isAlone, "other tests have child processes"),
        .enabled(if: geteuid() == 0, "root alone can become a user without threads")
    )
    func `an executor that is refused a thread is told of, and does its work once there is one`() async {
        await #expect(processExitsWith: .success) {
            // What sleeps and wakes tasks is there before the limit.
            try await Task.sleep(for: .milliseconds(10))
            // Root has no such limit.
            precondition(setgid(65_534) == 0 && setuid(65_534) == 0)
            var limit = rlimit()
            let resource = __rlimit_resource_t(__RLIMIT_NPROC.rawValue)
            precondition(getrlimit(resource, &limit) == 0)
            let usual = limit.rlim_cur
            limit.rlim_cur = 1
            precondition(setrlimit(resource, &limit) == 0)
            let told = Atomic(false)
            ResourceShortage.observe { what, _ in told.store(what == "a thread", ordering: .relaxed) }
            let executor = ThreadExecutor(name: "test")
            limit.rlim_cur = usual
            precondition(setrlimit(resource, &limit) == 0)
            precondition(told.load(ordering: .relaxed))
            await withCheckedContinuation { continuation in executor.run { continuation.resume() } }
            executor.stop()
        }
    }
}
