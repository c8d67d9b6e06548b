/// Nobody is known by what a request says.
///
/// It is tried again by the queue's policy, for the event that makes the recipient known may still be on its way.
package struct UnknownRecipient: Error, Sendable, Hashable, CustomStringConvertible {
    package let selector: RecipientSelector

    package var description: String {
        "no recipient is known as \(selector.noun); recipients come from user.* and customer.* events"
    }
}
