import FlotillaLocalization
package import FlotillaModels
package import FlotillaOutbound

/// The members that requests for notifications have beside those of every command.
extension JSONObjectReader {
    package func attachments(_ name: String) throws(InvalidPayload) -> [MailMessage.Attachment] {
        guard let value = value(name) else { return [] }
        guard case .array(let elements) = value, elements.count <= 20 else {
            throw refuse(name, "expected a list of at most 20 attachments")
        }
        var attachments: [MailMessage.Attachment] = []
        for (index, element) in elements.enumerated() {
            let reader = JSONObjectReader(element, path: "\(path)\(name).\(index).")
            try reader.refuseUnknown(["fileName", "contentType", "content"])
            guard let fileName = try reader.text("fileName", limit: 255), !fileName.isEmpty else {
                throw reader.refuse("fileName", "missing")
            }
            guard let encoded = try reader.text("content", limit: 12_000_000) else {
                throw reader.refuse("content", "missing")
            }
            guard let content = Base64.decode(encoded) else { throw reader.refuse("content", "expected base64") }
            let type = try reader.text("contentType", limit: 127) ?? "application/octet-stream"
            attachments.append(.init(fileName: fileName, contentType: type, content: content))
        }
        return attachments
    }

    /// A BCP 47 tag of a language that templates are written in: `fr`, `fr-CA`.
    package func language(_ name: String) throws(InvalidPayload) -> String? {
        guard let tag = try text(name, limit: 35) else { return nil }
        let parts = tag.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        let isTag = parts.allSatisfy { part in
            (1...8).contains(part.count)
                && part.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7a).contains($0 | 0x20) }
        }
        guard isTag, MessageLocale(tag: tag) != nil else {
            let known = MessageLocale.allCases.map(\.rawValue).joined(separator: ", ")
            throw refuse(name, "expected a language tag such as fr or fr-CA; templates are written in \(known)")
        }
        return tag
    }

    /// A name of the tz database: `Europe/Paris`.
    package func timeZone(_ name: String) throws(InvalidPayload) -> String? {
        guard let zone = try text(name, limit: 64) else { return nil }
        guard NamedTimeZone.named(zone) != nil else {
            throw refuse(name, "expected a time zone such as Europe/Paris")
        }
        return zone
    }
}
