/// An endpoint did not take a webhook; the queue's policy says when to try again.
struct UndeliveredWebhook: Error, Sendable, CustomStringConvertible {
    let reason: String

    var description: String { reason }
}
