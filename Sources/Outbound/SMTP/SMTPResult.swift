import CFlotillaCurl

/// What a mail server said of one mail.
package enum SMTPResult: Sendable, Hashable {
    /// It has taken the mail over.
    case accepted(SMTPReply)
    /// It will never take this mail: a fault of the address or the content.
    case refused(SMTPReply)
    /// It may take this mail later; others are not concerned.
    case deferred(SMTPReply)
    /// It had let us in, and the mail was lost on the way: the server's fault or the mail's.
    ///
    /// - mayHaveArrived: the server had all of the mail, so that it may have taken it.
    case interrupted(OutboundError, mayHaveArrived: Bool)
    /// It does not let our sender's address send: a fault of the configuration.
    case senderRefused(SMTPReply)
    /// It takes no mail of our sender's for now, whoever it is for.
    case senderDeferred(SMTPReply)
    /// It can't be reached, does not accept us, or takes no mail at all at the moment.
    case unavailable(OutboundError)
    /// All sessions were taken by other mails for longer than one waits in line.
    case busy
}
