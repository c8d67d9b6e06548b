/// A queue of the fleet, as `queues.yaml` describes it with the file's defaults merged in.
public struct QueueDefinition: Sendable, Hashable {
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        case quorum, classic
    }

    /// Which event deliveries leave a row of state behind.
    public enum Tracking: String, Sendable, Hashable, CaseIterable {
        /// From their first failure on.
        case failures
        case all
    }

    /// How a batch worker's messages are gathered: until there are `size`, or the first has waited `wait`.
    public struct Batch: Sendable, Hashable {
        public var size: Int
        public var wait: Duration

        public init(size: Int, wait: Duration = .milliseconds(20)) {
            self.size = size
            self.wait = wait
        }
    }

    /// `<service>.<event>`, at most 200 bytes.
    public var name: String
    /// The wire name of the worker that takes it.
    public var worker: String
    public var bindings: [QueueBinding]
    /// Of the queue and of its dead-letter queue.
    public var kind: Kind
    /// Deliveries that may be unsettled at a time, 1 to 65,535.
    public var prefetch: Int
    /// Handlers that may run at a time in one process.
    public var concurrency: Int
    /// How long one execution of the handler may take; shorter than the broker's `consumer_timeout` of 30 minutes.
    public var timeout: Duration
    /// The broker's `x-delivery-limit`: crashes and lost connections, not failures of the handler.
    public var crashLimit: Int
    public var retry: RetryPolicy
    /// `nil` for workers that take one message at a time.
    public var batch: Batch?
    public var track: Tracking
    /// Ready messages at which the broker starts to refuse more; `nil` for no limit.
    public var maxLength: Int?
    /// Bytes of body above which a message is dead-lettered unread.
    public var maxBody: Int
    /// The name of the queue that the file lists, where this is one of its levels; `nil` of a queue without levels.
    package var family: String?
    /// Of the jobs that it is for, where it is one of a family.
    package var level = JobPriority.normal

    public init(
        name: String,
        worker: String,
        bindings: [QueueBinding] = [],
        kind: Kind = .quorum,
        prefetch: Int = 100,
        concurrency: Int = 16,
        timeout: Duration = .seconds(30),
        crashLimit: Int = 20,
        retry: RetryPolicy = RetryPolicy(),
        batch: Batch? = nil,
        track: Tracking = .failures,
        maxLength: Int? = nil,
        maxBody: Int = 8 << 20
    ) {
        self.name = name
        self.worker = worker
        self.bindings = bindings
        self.kind = kind
        self.prefetch = prefetch
        self.concurrency = concurrency
        self.timeout = timeout
        self.crashLimit = crashLimit
        self.retry = retry
        self.batch = batch
        self.track = track
        self.maxLength = maxLength
        self.maxBody = maxBody
    }

    /// The word before the first dot.
    public var service: String { QueueName.service(of: name) }

    /// What follows the first dot: `profile.validated`. The levels of a queue are for the same event.
    public var event: String { QueueName.event(of: family ?? name) }

    /// `dlq.<service>.<event>`.
    public var deadLetterQueue: String { QueueName.deadLetter(of: name) }
}
