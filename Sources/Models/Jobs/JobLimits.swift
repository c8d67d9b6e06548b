/// How many jobs of one type run at a time and start in a period, for each key.
public struct JobLimits: Sendable, Hashable {
    /// What becomes of a job whose key is at its limit of jobs at a time.
    public enum Strategy: String, Sendable, Hashable, CaseIterable {
        /// It waits for its turn.
        case queue
        /// It is cancelled.
        case cancelNewest = "cancel_newest"
        /// Those of its key that are under way are cancelled, so that it can start.
        case cancelInProgress = "cancel_in_progress"
    }

    /// Starts in a sliding window.
    public struct Rate: Sendable, Hashable {
        public var count: Int
        public var window: Duration

        public init(count: Int, window: Duration) {
            self.count = count
            self.window = window
        }
    }

    /// Jobs of one key that are handed to their queue, run, wait for a retry or are being cancelled; `nil` for any number.
    public var concurrency: Int?
    public var rate: Rate?
    public var strategy: Strategy

    public init(concurrency: Int? = nil, rate: Rate? = nil, strategy: Strategy = .queue) {
        self.concurrency = concurrency
        self.rate = rate
        self.strategy = strategy
    }
}
