extension MailMessage {
    /// The longest subject, in bytes; the longest line that mail allows.
    package static let longestSubject = 998
    package static let longestName = 4_096
    package static let longestFileName = 255
    package static let longestURL = 900

    /// - Throws: the first field that can't be sent as it is. libcurl sends what it is given.
    package func check() throws(FieldError) {
        try Self.check(from, "from")
        try Self.check(to, "to")
        if let replyTo { try Self.check(replyTo, "replyTo") }
        try Self.check(line: subject, "subject", longest: Self.longestSubject)
        for (index, attachment) in attachments.enumerated() {
            let field = "attachments.\(index)"
            guard !attachment.fileName.isEmpty else { throw FieldError("\(field).fileName", "is empty") }
            try Self.check(line: attachment.fileName, "\(field).fileName", longest: Self.longestFileName)
            try Self.check(contentType: attachment.contentType, "\(field).contentType")
        }
        if let unsubscribeURL { try Self.check(url: unsubscribeURL, "unsubscribeURL") }
    }

    private static func check(_ mailbox: Mailbox, _ field: String) throws(FieldError) {
        _ = try MailAddress(mailbox.address, field: field)
        if let name = mailbox.name { try check(line: name, "\(field).name", longest: longestName) }
    }

    private static func check(line: String, _ field: String, longest: Int) throws(FieldError) {
        guard line.utf8.count <= longest else { throw FieldError(field, "is longer than \(longest) bytes") }
        guard !line.unicodeScalars.contains(where: \.isControl) else {
            throw FieldError(field, "has a line break or another control character")
        }
    }

    private static func check(contentType: String, _ field: String) throws(FieldError) {
        let parts = contentType.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        let isType =
            parts.count == 2
            && parts.allSatisfy { part in
                (1...100).contains(part.count)
                    && part.allSatisfy { $0.isLetterDigitOrHyphen || "!#$&^_.+".utf8.contains($0) }
            }
        guard isType else { throw FieldError(field, "is no content type such as application/pdf") }
        guard !["multipart/", "message/"].contains(where: contentType.lowercased().hasPrefix) else {
            throw FieldError(field, "is a type that can't be attached")
        }
    }

    private static func check(url: String, _ field: String) throws(FieldError) {
        guard url.hasPrefix("https://") || url.hasPrefix("http://"), url.utf8.count <= longestURL,
            url.utf8.allSatisfy({ (0x21...0x7e).contains($0) && !"<>\"\\".utf8.contains($0) })
        else { throw FieldError(field, "is no URL in ASCII of at most \(longestURL) bytes") }
    }
}
