/// The headers that the fleet itself writes. None begins with `x-`, which belongs to the broker.
public enum FleetHeader {
    /// How many executions have failed so far.
    public static let retryCount = "retry-count"
    /// How many executions are allowed: on a job the job's own number, on a failed event that of its queue's policy.
    public static let retryMax = "retry-max"
    /// ISO 8601, with milliseconds, in UTC.
    public static let firstFailedAt = "first-failed-at"
    /// The same, of the failure that the other headers describe.
    public static let lastFailedAt = "last-failed-at"
    public static let errorType = "error-type"
    public static let errorMessage = "error-message"
    public static let errorFingerprint = "error-fingerprint"
    public static let failedWorker = "failed-worker"
    public static let originExchange = "origin-exchange"
    public static let originRoutingKey = "origin-routing-key"
    public static let originQueue = "origin-queue"
    public static let replayOf = "replay-of"
    public static let replayOperationID = "replay-operation-id"
    public static let edited = "edited"
    /// The job that this message carries out; its value is the job's id.
    public static let jobID = "job-id"
    /// The properties that the broker would act on when a message is published again, set aside as a table.
    public static let originProperties = "origin-properties"

    /// The names of headers that did not fit when the message was published again.
    public static let droppedHeaders = "dropped-headers"

    /// W3C Trace Context, carried unchanged.
    public static let traceParent = "traceparent"
    public static let traceState = "tracestate"

    /// Written by brokers about dead-lettering. Never counted with, and stripped before publishing again.
    public static let brokerDeath = "x-death"
}
