import Outbound

/// Mail by a mail server.
struct SMTPProvider: NotificationProvider {
    let name = NotificationConfiguration.EmailProvider.smtp.rawValue
    let client: SMTPClient

    /// The message id of an accepted mail is its `Message-ID`, by which every server on the way logs it.
    func send(_ mail: MailMessage) async -> ProviderAnswer {
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
        case .unavailable(let error): return ProviderAnswer(error)
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
