import FlotillaMessaging
package import FlotillaModels

extension DeadLetter {
    /// The message that goes back to its queue: as it was, with a clean slate of failures.
    ///
    /// It goes through the default exchange straight to the queue where it died, so that no other queue gets it again.
    /// Where it first came from stays in its headers, and with it the event's name. What the broker would act on once
    /// more stays set aside in `origin-properties`, where the handler finds it: a foreign `user-id` would be refused,
    /// copies would go to other queues, and a time to live would run out before anybody has mended the cause. A job
    /// keeps its own number of attempts, and has all of them again.
    package func replay(of id: Int64, operationID: String) -> OutgoingMessage {
        var replayed = Republication.prepare(message)
        let isJob = jobID != nil
        replayed.headers.entries.removeAll { entry in
            FleetHeader.failure.contains(entry.name) && !(isJob && entry.name == FleetHeader.retryMax)
        }
        // What was not its sender's to send is judged anew, by the rights of then.
        if failure.type == Failure.unauthorisedPublisher {
            replayed.headers[FleetHeader.errorType] = .string(failure.type)
        }
        keepExpiration(in: &replayed)
        replayed.headers[FleetHeader.originExchange] = .string(exchange)
        replayed.headers[FleetHeader.originRoutingKey] = .string(routingKey)
        replayed.headers[FleetHeader.originQueue] = .string(queue)
        replayed.headers[FleetHeader.replayOf] = .int64(id)
        replayed.headers[FleetHeader.replayOperationID] = .string(operationID)
        if isEdited { replayed.headers[FleetHeader.edited] = .boolean(true) }
        return OutgoingMessage(exchange: "", routingKey: queue, message: replayed)
    }

    /// Sets the time to live aside that the broker took off the message when it dead-lettered it.
    func keepExpiration(in replayed: inout Message) {
        guard let expiration = BrokerDeath(message.headers, queue: queue)?.expiration else { return }
        var aside = HeaderTable()
        if case .table(let table) = replayed.headers[FleetHeader.originProperties] { aside = table }
        if aside["expiration"] == nil { aside["expiration"] = .string(expiration) }
        replayed.headers[FleetHeader.originProperties] = .table(aside)
    }
}
