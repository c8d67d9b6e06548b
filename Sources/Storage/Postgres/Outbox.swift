package import Models

/// Messages to publish, written in the transaction of the effect that they tell of; the relay publishes them.
package enum Outbox {
    /// The channel on which the relay is told of new rows.
    package static let channel = "flotilla_outbox"

    /// Inserts the messages. One without a message id is given one, so that its readers can tell repeats.
    ///
    /// - Parameter notBefore: when to publish at the earliest, in microseconds since 1970, for all of them.
    package static func insert(_ messages: [OutgoingMessage], notBefore: Int64? = nil) -> SQLStatement {
        SQLStatement("")
    }
}
