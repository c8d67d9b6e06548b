/// One mail to one person, before it is written as MIME or as a mail API's JSON.
package struct MailMessage: Sendable, Hashable, Identifiable {
    package struct Mailbox: Sendable, Hashable {
        /// The display name, any Unicode text on one line.
        package var name: String?
        package var address: String

        package init(name: String? = nil, address: String) {
            self.name = name
            self.address = address
        }
    }

    package struct Attachment: Sendable, Hashable {
        package var fileName: String
        /// `application/pdf`.
        package var contentType: String
        package var content: [UInt8]

        package init(fileName: String, contentType: String, content: [UInt8]) {
            self.fileName = fileName
            self.contentType = contentType
            self.content = content
        }
    }

    /// Where the mails' reader can unsubscribe with one click (RFC 8058), for mail that is not transactional.
    package var unsubscribeURL: String?
    /// The same for every try of one notification: the part before the `@` of `Message-ID` is made of it.
    package var id: String
    package var from: Mailbox
    package var replyTo: Mailbox?
    package var to: Mailbox
    package var subject: String
    package var text: String
    package var html: String?
    package var attachments: [Attachment]
    /// Microseconds since 1970.
    package var date: Int64

    package init(
        id: String,
        from: Mailbox,
        to: Mailbox,
        subject: String,
        text: String,
        html: String? = nil,
        date: Int64,
        replyTo: Mailbox? = nil,
        attachments: [Attachment] = [],
        unsubscribeURL: String? = nil
    ) {
        self.id = id
        self.from = from
        self.replyTo = replyTo
        self.to = to
        self.subject = subject
        self.text = text
        self.html = html
        self.attachments = attachments
        self.date = date
        self.unsubscribeURL = unsubscribeURL
    }
}
