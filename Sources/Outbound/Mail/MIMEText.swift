import FlotillaModels

/// Writes the lines of a mail: header fields, bodies, parts. What it is given has been checked.
struct MIMEText {
    /// What a line has at most, where it can be chosen (RFC 5322, 2.1.1: 78).
    static let lineLength = 76

    private(set) var bytes: [UInt8] = []
    private var boundary = ""

    /// A field whose value is plain ASCII already.
    mutating func field(_ name: String, _ value: String) { line("\(name): \(value)") }

    /// A field of any text (RFC 2047).
    mutating func text(_ name: String, _ value: String) {
        let prefix = "\(name): "
        if EncodedWords.isPlain(value), prefix.utf8.count + value.utf8.count <= Self.lineLength {
            line(prefix + value)
        } else {
            line(prefix + EncodedWords.encode(value, firstColumn: prefix.utf8.count))
        }
    }

    mutating func mailbox(_ name: String, _ mailbox: MailMessage.Mailbox) throws(FieldError) {
        let address = "<\(try MailAddress(mailbox.address, field: name).ascii)>"
        let prefix = "\(name): "
        guard let display = mailbox.name, !display.isEmpty else { return line(prefix + address) }
        let quoted = "\"" + display.flatMap { $0 == "\"" || $0 == "\\" ? ["\\", $0] : [$0] } + "\""
        let isPlain = EncodedWords.isPlain(display) && prefix.utf8.count + quoted.utf8.count <= Self.lineLength
        let words = isPlain ? quoted : EncodedWords.encode(display, firstColumn: prefix.utf8.count)
        let last = words.utf8.split(separator: UInt8(ascii: "\n")).last?.count ?? 0
        let indent = words.utf8.contains(UInt8(ascii: "\n")) ? 0 : prefix.utf8.count
        let fits = indent + last + 1 + address.utf8.count <= Self.lineLength
        line(prefix + words + (fits ? " " : "\r\n ") + address)
    }

    /// The text of a part, with the fields that describe it.
    mutating func body(_ text: String, type: String) {
        field("Content-Type", "text/\(type); charset=utf-8")
        let foreign = text.utf8.count { $0 >= 0x80 }
        if foreign * 4 > text.utf8.count {
            field("Content-Transfer-Encoding", "base64")
            line("")
            base64(Array(QuotedPrintable.lines(of: text).joined(separator: [0x0d, 0x0a])))
        } else {
            field("Content-Transfer-Encoding", "quoted-printable")
            line("")
            bytes += QuotedPrintable.encode(text)
            // Within a multipart the line end before the delimiter belongs to the delimiter (RFC 2046, 5.1.1).
            if !boundary.isEmpty || bytes.last != 0x0a { line("") }
        }
    }

    mutating func attachment(_ attachment: MailMessage.Attachment) {
        field("Content-Type", attachment.contentType)
        field("Content-Transfer-Encoding", "base64")
        line("Content-Disposition: attachment" + FileNameParameter.text(attachment.fileName))
        line("")
        base64(attachment.content)
    }

    /// A body of several parts.
    mutating func multipart(_ subtype: String, _ boundary: String, _ parts: (inout MIMEText) -> Void) {
        let outer = self.boundary
        self.boundary = boundary
        line("Content-Type: multipart/\(subtype);\r\n boundary=\"\(boundary)\"")
        line("")
        parts(&self)
        line("--\(boundary)--")
        self.boundary = outer
    }

    mutating func part(_ content: (inout MIMEText) -> Void) {
        line("--\(boundary)")
        content(&self)
    }

    private mutating func line(_ text: String) {
        bytes += text.utf8
        bytes += [0x0d, 0x0a]
    }

    private mutating func base64(_ content: [UInt8]) {
        // 57 bytes make one line of 76.
        var rest = content[...]
        while !rest.isEmpty {
            line(Base64.encode(Array(rest.prefix(57))))
            rest = rest.dropFirst(57)
        }
    }
}
