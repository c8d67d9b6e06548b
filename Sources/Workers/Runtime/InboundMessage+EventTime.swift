import FlotillaModels

extension InboundMessage {
    /// When the event happened: as the payload says, else the envelope, else when it was received. One that has yet to
    /// happen counts as received now, see ``EventTime/credible(_:receivedAt:)``.
    fileprivate func time(of payloadTime: Int64?) -> Int64 {
        EventTime.credible(payloadTime ?? occurredAt, receivedAt: receivedAt)
    }
}

extension BatchItem {
    /// When the event happened; every worker for which the newest event wins asks here.
    ///
    /// - Parameter payloadTime: microseconds since 1970, as the payload says.
    package func time(of payloadTime: Int64?) -> Int64 { inbound.time(of: payloadTime) }
}

extension MessageContext {
    /// As ``BatchItem/time(of:)``.
    package func time(of payloadTime: Int64?) -> Int64 { inbound.time(of: payloadTime) }
}
