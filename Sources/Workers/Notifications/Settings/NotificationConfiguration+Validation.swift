package import FlotillaOutbound
import FoundationEssentials

extension NotificationConfiguration {
    /// The parts of the configuration, for messages.
    package enum Field: String, Sendable, Hashable, CaseIterable {
        case smtpURL, mailAPIURL, mailAPIKey, smsAPIURL, smsAPIAccount, smsAPIToken, mailFrom, smsFrom, folder
        case emailProviders, smsProviders, rates, publicURL, smtpConnections
    }

    package struct Problem: Sendable, Hashable, CustomStringConvertible {
        package let field: Field
        /// The end of a sentence that begins with the field's name.
        package let detail: String

        package var description: String { "\(field.rawValue) \(detail)" }
    }

    /// Everything that is wrong; empty when notifications can go out.
    package func validate() -> [Problem] {
        var problems: [Problem] = []
        func note(_ field: Field, _ detail: String) { problems.append(Problem(field: field, detail: detail)) }
        checkSMTP(note)
        checkAPI(.mailAPIURL, mailAPIURL, note)
        checkAPI(.smsAPIURL, smsAPIURL, note)
        if mailAPIURL != nil, mailAPIKey == nil { note(.mailAPIKey, "is missing") }
        if smsAPIURL != nil {
            let isAccount = smsAPIAccount?.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x61...0x7a).contains($0 | 0x20)
            }
            if smsAPIAccount == nil { note(.smsAPIAccount, "is missing") }
            if isAccount == false { note(.smsAPIAccount, "has to be letters and digits") }
            if smsAPIToken == nil { note(.smsAPIToken, "is missing") }
            if smsFrom == nil { note(.smsFrom, "is missing") }
        }
        do throws(FieldError) { _ = try sender() } catch { note(.mailFrom, error.problem) }
        if folder.isEmpty { note(.folder, "is empty") }
        if smtpConnections < 1 { note(.smtpConnections, "has to be 1 at least") }
        let places = [EmailProvider.smtp.rawValue: smtpURL != nil, EmailProvider.mailAPI.rawValue: mailAPIURL != nil]
        checkOrder(.emailProviders, emailProviders, EmailProvider.allCases.map(\.rawValue), places, note)
        let smsPlaces = [SMSProvider.smsAPI.rawValue: smsAPIURL != nil]
        checkOrder(.smsProviders, smsProviders, SMSProvider.allCases.map(\.rawValue), smsPlaces, note)
        let names = EmailProvider.allCases.map(\.rawValue) + SMSProvider.allCases.map(\.rawValue)
        for (name, rate) in rates.sorted(by: { $0.key < $1.key }) {
            if !names.contains(name) {
                note(.rates, "names \(name), which is none of \(names.joined(separator: ", "))")
            }
            if !(rate >= 0.001 && rate <= 100_000) {
                note(.rates, "gives \(name) \(rate) a second; it has to be between 0.001 and 100000")
            }
        }
        let isLink = ["https://", "http://"].contains { publicURL.hasPrefix($0) && publicURL.count > $0.count }
        if !isLink { note(.publicURL, "has to begin with https:// or http://") }
        return problems
    }

    /// The sender of mails.
    ///
    /// - Throws: naming `mailFrom`.
    package func sender() throws(FieldError) -> MailMessage.Mailbox {
        let text = mailFrom.trimmed
        guard text.hasSuffix(">"), let open = text.lastIndex(of: "<") else {
            _ = try MailAddress(text, field: "mailFrom")
            return .init(address: text)
        }
        let address = String(text[text.index(after: open)...].dropLast())
        _ = try MailAddress(address, field: "mailFrom")
        var name = String(text[..<open]).trimmed
        if name.count > 1, name.hasPrefix("\""), name.hasSuffix("\"") { name = String(name.dropFirst().dropLast()) }
        let mailbox = MailMessage.Mailbox(name: name.isEmpty ? nil : name, address: address)
        do throws(FieldError) {
            try MailMessage(id: "x", from: mailbox, to: mailbox, subject: "", text: "", date: 0).check()
        } catch {
            throw FieldError("mailFrom", error.problem)
        }
        return mailbox
    }

    /// - Throws: `OutboundError` for a URL that can't be used.
    func smtp() throws(OutboundError) -> SMTPConfiguration? {
        guard let smtpURL else { return nil }
        return try SMTPConfiguration(url: smtpURL, authorities: smtpAuthorities, plaintextHosts: plaintextHosts)
    }

    private func checkSMTP(_ note: (Field, String) -> Void) {
        do throws(OutboundError) { _ = try smtp() } catch { note(.smtpURL, "can't be used: \(error.detail)") }
    }

    private func checkAPI(_ field: Field, _ url: String?, _ note: (Field, String) -> Void) {
        guard let url else { return }
        guard let parts = URLComponents(string: url), let host = parts.host, !host.isEmpty,
            ["http", "https"].contains(parts.scheme), parts.user == nil, parts.query == nil
        else { return note(field, "has to be http[s]://host[:port], without a user") }
        let isLocal = ["localhost", "::1", "[::1]"].contains(host) || host.hasPrefix("127.")
        guard parts.scheme == "https" || isLocal || plaintextHosts.contains(host) else {
            return note(field, "would send secrets unencrypted to \(host)")
        }
    }

    private func checkOrder(
        _ field: Field,
        _ order: [String]?,
        _ names: [String],
        _ isConfigured: [String: Bool],
        _ note: (Field, String) -> Void
    ) {
        guard let order else { return }
        if order.isEmpty { note(field, "names no provider") }
        if Set(order).count < order.count { note(field, "names a provider twice") }
        for name in order {
            if !names.contains(name) { note(field, "names \(name), which is none of \(names.joined(separator: ", "))") }
            if isConfigured[name] == false { note(field, "names \(name), which has no URL") }
        }
    }
}

extension String {
    fileprivate var trimmed: String {
        let isBlank = { (character: Character) in character == " " }
        return String(String(drop(while: isBlank).reversed()).drop(while: isBlank).reversed())
    }
}
