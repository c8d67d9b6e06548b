import FlotillaModels
import FlotillaOutbound
import FlotillaPlatform
import FoundationEssentials

/// Mail by an HTTP API of the shape of SendGrid's, version 3.
struct MailAPIProvider: NotificationProvider {
    let name = NotificationConfiguration.EmailProvider.mailAPI.rawValue
    let client: HTTPClient
    /// Without a path: `https://api.sendgrid.com`.
    let url: String
    let key: Secret

    func send(_ mail: MailMessage) async -> ProviderResult {
        let body: Data
        let ownID: String
        do {
            try mail.check()
            ownID = try mail.messageID()
            body = try JSONEncoder().encode(Body(mail))
        } catch {
            return .refused(reason: "\(error)")
        }
        let request = HTTPRequest(
            "POST",
            "\(url)/v3/mail/send",
            headers: [.init("Content-Type", "application/json")],
            body: Array(body),
            authorization: .bearer(key),
            timeout: .notificationRequest
        )
        do {
            let answer = try await client.send(request)
            guard answer.isSuccess else { return Self.refusal(answer) }
            return .accepted(messageID: answer["X-Message-Id"]?.asProviderWords ?? ownID)
        } catch {
            return ProviderResult(error)
        }
    }

    /// Looks at what the key may do, which every key may see.
    func isReachable() async -> Bool {
        let request = HTTPRequest("GET", "\(url)/v3/scopes", authorization: .bearer(key), timeout: .seconds(10))
        return (try? await client.send(request))?.isFromWorkingAPI ?? false
    }

    private static func refusal(_ answer: HTTPClientResponse) -> ProviderResult {
        struct Errors: Decodable {
            struct Entry: Decodable {
                let message: String
                let field: String?
            }
            let errors: [Entry]
        }
        let errors = (try? JSONDecoder().decode(Errors.self, from: Data(answer.body)).errors) ?? []
        // `The subject is required (subject); …`.
        let words = errors.map { $0.message + ($0.field.map { " (\($0))" } ?? "") }.joined(separator: "; ")
        let isAboutSender = answer.status == 400 && errors.contains { $0.field?.hasPrefix("from") == true }
        guard !isAboutSender else {
            return .denied(reason: "status 400: \(words.asProviderWords) (check FLOTILLA_MAIL_FROM)")
        }
        return ProviderResult(
            answer,
            words: words.isEmpty ? nil : words.asProviderWords,
            settings: "MAIL_API_URL and MAIL_API_KEY"
        )
    }
}

extension MailAPIProvider {
    private struct Body: Encodable {
        struct Mailbox: Encodable {
            let email: String
            let name: String?

            init(_ mailbox: MailMessage.Mailbox) throws(FieldError) {
                email = try MailAddress(mailbox.address, field: "address").ascii
                name = mailbox.name
            }
        }
        struct Personalization: Encodable { let to: [Mailbox] }
        struct Content: Encodable {
            let type: String
            let value: String
        }
        struct Attachment: Encodable {
            let content: String
            let type: String
            let filename: String
            let disposition = "attachment"

            private enum CodingKeys: CodingKey { case content, type, filename, disposition }
        }

        let personalizations: [Personalization]
        let from: Mailbox
        let replyTo: Mailbox?
        let subject: String
        let content: [Content]
        let attachments: [Attachment]?
        let headers: [String: String]
        let customArguments: [String: String]

        private enum CodingKeys: String, CodingKey {
            case personalizations, from, subject, content, attachments, headers
            case replyTo = "reply_to"
            case customArguments = "custom_args"
        }

        init(_ mail: MailMessage) throws(FieldError) {
            personalizations = [Personalization(to: [try Mailbox(mail.to)])]
            from = try Mailbox(mail.from)
            if let box = mail.replyTo { replyTo = try Mailbox(box) } else { replyTo = nil }
            subject = mail.subject
            let texts = [Content(type: "text/plain", value: mail.text)]
            content = texts + (mail.html.map { [Content(type: "text/html", value: $0)] } ?? [])
            let files = mail.attachments.map {
                Attachment(content: Base64.encode($0.content), type: $0.contentType, filename: $0.fileName)
            }
            attachments = files.isEmpty ? nil : files
            var headers = ["Auto-Submitted": "auto-generated"]
            if let url = mail.unsubscribeURL {
                headers["List-Unsubscribe"] = "<\(url)>"
                headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
            }
            self.headers = headers
            customArguments = ["notification_id": mail.id]
        }
    }
}
