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
    /// The cron entry that has enqueued the job.
    public static let cronName = "cron-name"
    /// When the entry's schedule has it run: ISO 8601 in UTC. The job may have started later.
    public static let nominalTime = "nominal-time"
    /// The properties that the broker would act on when a message is published again, set aside as a table.
    public static let originProperties = "origin-properties"

    /// How often the message went back to its queue after the broker had given it up for its delivery limit.
    public static let limitReturns = "limit-returns"

    /// The names of headers that did not fit when the message was published again.
    public static let droppedHeaders = "dropped-headers"

    /// Who handed the message in over HTTP, as the API has seen it: `key:3f9a0c11d2e4`. Believed only with ``receivedSeal``.
    public static let receivedBy = "received-by"
    /// By which method and path pattern: `POST /api/v1/events`.
    public static let receivedRoute = "received-route"
    /// From which address the connection came.
    public static let receivedAddress = "received-address"
    /// When: ISO 8601, with milliseconds, in UTC.
    public static let receivedAt = "received-at"
    /// The id that the caller gave it, where the message's own is made of it.
    public static let receivedID = "received-id"
    /// What shows that the fleet has written the others, for this message.
    public static let receivedSeal = "received-seal"

    /// Those that the seal covers, in its order.
    package static let received = [receivedBy, receivedRoute, receivedAddress, receivedAt, receivedID]

    /// W3C Trace Context, carried unchanged.
    public static let traceParent = "traceparent"
    public static let traceState = "tracestate"

    /// Written by brokers about dead-lettering. Never counted with, and stripped before publishing again.
    public static let brokerDeath = "x-death"
}
