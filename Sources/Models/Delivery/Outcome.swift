/// What a handler says of a message it has finished with. Throwing means: try again by the queue's policy.
public enum Outcome: Sendable, Hashable {
    /// Handled; the message is acknowledged.
    case done
    /// Come back after this long, without spending an attempt.
    case snooze(Duration)
    /// Will never succeed; the message goes to its dead-letter queue now.
    case reject(reason: String)
}
