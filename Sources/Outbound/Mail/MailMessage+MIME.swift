import FlotillaPlatform
import Glibc

extension MailMessage {
    /// `id@domain`, as in `Message-ID`, without the angle brackets. The same for every try.
    package func messageID() throws(FieldError) -> String {
        let domain = try MailAddress(from.address, field: "from").domain
        let isPlain = id.utf8.allSatisfy { $0.isLetterDigitOrHyphen || $0 == UInt8(ascii: "_") }
        let left = isPlain && (1...64).contains(id.utf8.count) ? id : SHA256.digest(id).hexadecimal
        return "\(left)@\(domain)"
    }

    /// The mail by RFC 5322 and MIME: lines of ASCII, none longer than 998 bytes, each ended by CRLF.
    ///
    /// - Throws: the first field that can't be sent; see ``check()``.
    package func mime() throws(FieldError) -> [UInt8] {
        try check()
        var output = MIMEText()
        let messageID = try messageID()
        output.field("Date", Self.dateText(date))
        try output.mailbox("From", from)
        try output.mailbox("To", to)
        if let replyTo { try output.mailbox("Reply-To", replyTo) }
        output.text("Subject", subject)
        output.field("Message-ID", "<\(messageID)>")
        output.field("Auto-Submitted", "auto-generated")
        if let unsubscribeURL {
            output.field("List-Unsubscribe", "<\(unsubscribeURL)>")
            output.field("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
        }
        output.field("MIME-Version", "1.0")
        // Neither base64 nor quoted-printable can have this in a line.
        let boundary = "=_" + SHA256.digest(messageID).hexadecimal.prefix(32)
        writeContent(to: &output, boundary: boundary)
        return output.bytes
    }

    private func writeContent(to output: inout MIMEText, boundary: String) {
        guard !attachments.isEmpty else { return writeBody(to: &output, boundary: boundary + "_a") }
        output.multipart("mixed", boundary + "_m") { output in
            output.part { writeBody(to: &$0, boundary: boundary + "_a") }
            for attachment in attachments { output.part { $0.attachment(attachment) } }
        }
    }

    private func writeBody(to output: inout MIMEText, boundary: String) {
        guard let html else { return output.body(text, type: "plain") }
        output.multipart("alternative", boundary) { output in
            output.part { $0.body(text, type: "plain") }
            output.part { $0.body(html, type: "html") }
        }
    }

    /// `Tue, 14 Nov 2023 22:13:20 +0000`.
    static func dateText(_ microseconds: Int64) -> String {
        var seconds = time_t(microseconds / 1_000_000)
        var parts = unsafe tm()
        unsafe gmtime_r(&seconds, &parts)
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let clock = unsafe [parts.tm_hour, parts.tm_min, parts.tm_sec].map { $0 < 10 ? "0\($0)" : "\($0)" }
        let day = unsafe days[Int(parts.tm_wday)]
        let month = unsafe months[Int(parts.tm_mon)]
        return unsafe "\(day), \(parts.tm_mday) \(month) \(parts.tm_year + 1900) \(clock.joined(separator: ":")) +0000"
    }
}
