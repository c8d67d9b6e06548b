package import FlotillaModels

/// A message that comes back later without a failure: snoozed.
package enum SnoozedDelivery {
    package static func returning(
        _ delivery: Delivery,
        messageID: String,
        after delay: Duration,
        by ladder: DelayLadder
    ) -> OutgoingMessage {
        var message = Republication.prepare(delivery.message)
        if message.properties.malformed["message-id"] == nil { message.properties.messageID = messageID }
        message.noteOrigin(of: delivery)
        return OutgoingMessage(
            exchange: ladder.entryExchange,
            routingKey: ladder.routingKey(for: delay, to: delivery.queue),
            message: message
        )
    }
}
