/// The waits between tries: from 0.2 s, doubled up to 5 s.
struct KeeperBackoff {
    private var next = Duration.milliseconds(200)

    /// Returns early when the task is cancelled.
    mutating func wait() async {
        try? await Task.sleep(for: next)
        next = min(next * 2, .seconds(5))
    }
}
