import FlotillaOutbound

/// Mail by a mail server.
struct SMTPProvider: NotificationProvider {
    let name = NotificationConfiguration.EmailProvider.smtp.rawValue
    let client: SMTPClient
    let probeIsConclusive = true

    /// The message id of an accepted mail is its `Message-ID`, by which every server on the way logs it.
    func send(_ mail: MailMessage) async -> ProviderResult {
        let (content, sender, recipient, messageID): ([UInt8], MailAddress, MailAddress, String)
        do throws(FieldError) {
            content = try mail.mime()
            sender = try MailAddress(mail.from.address, field: "from")
            recipient = try MailAddress(mail.to.address, field: "to")
            messageID = try mail.messageID()
        } catch {
            return .refused(reason: "\(error)")
        }
        switch await client.send(content, from: sender, to: recipient) {
        case .accepted: return .accepted(messageID: messageID)
        case .refused(let reply): return .refused(reason: "\(reply)")
        case .deferred(let reply): return .deferred(reason: "\(reply)", after: nil)
        case .interrupted(let error, let mayHaveArrived):
            return .failed(reason: "\(error)", mayHaveArrived: mayHaveArrived)
        case .senderRefused(let reply):
            return .denied(
                reason: "the mail server refuses the sender \(sender.ascii): \(reply) (check FLOTILLA_MAIL_FROM)"
            )
        case .senderDeferred(let reply): return .denied(reason: "the mail server takes no mail for now: \(reply)")
        case .unavailable(let error) where error.code == .authentication:
            return .denied(reason: "\(error) (check the user and the password in SMTP_URL)")
        case .unavailable(let error) where error.code == .cancelled: return ProviderResult(error)
        // It was not reached, or has not let us in.
        case .unavailable(let error): return .unavailable(reason: "\(error)", after: nil)
        case .busy: return .busy(wait: .seconds(2))
        }
    }

    func isReachable() async -> Bool {
        do {
            try await client.probe()
            return true
        } catch {
            return false
        }
    }
}
