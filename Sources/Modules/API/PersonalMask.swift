package import FlotillaHTTPRouting
import FlotillaModels
import FlotillaPersonalData

/// What an answer may show of people: everything to a caller with the scope `read:personal`, and to others a mask in the
/// place of payloads, addresses, and the codes and links of tickets.
///
/// Every route that shows such values passes them through here.
package struct PersonalMask: Sendable {
    /// What stands in the place of a masked value.
    package static let placeholder = "***"

    /// For who may see everything: the command line, whose user reads the database itself.
    package static let off = PersonalMask(isOff: true)

    /// Whether nothing is masked.
    package let isOff: Bool

    private init(isOff: Bool) { self.isOff = isOff }

    package init(for principal: Principal?) { isOff = principal?.mayUse(.readPersonal) == true }

    /// A value that is personal, or a code, token or link, as a whole.
    package func value(_ text: String?) -> String? { isOff ? text : text.map { _ in Self.placeholder } }

    /// A JSON value that may hold anything.
    package func json(_ json: String?) -> String? { isOff ? json : json.map { _ in Self.placeholder.json } }

    /// A text for people, such as an error message: addresses, telephone numbers and links in it are masked.
    package func text(_ text: String?) -> String? {
        guard !isOff, let text else { return text }
        return ContactRanges.replacing(in: text, with: Self.placeholder)
    }

    /// A body whose personal values are sealed already: codes, tokens and links are masked, and the rest of each text as in
    /// ``text(_:)``. A body that is no JSON goes whole.
    package func sealed(_ body: [UInt8]) -> String {
        guard !isOff else { return String(decoding: body, as: UTF8.self) }
        guard let value = try? JSONValue(body) else { return Self.placeholder.json }
        return masked(value, of: "").json
    }

    /// - Parameter owner: the name of the member that has the value.
    private func masked(_ value: JSONValue, of owner: String) -> JSONValue {
        switch value {
        case .string(let text): .string(self.text(text) ?? "")
        case .array(let elements): .array(elements.map { masked($0, of: owner) })
        case .members(let members):
            .members(
                members.map { member in
                    Self.isSecret(member.name, of: owner)
                        ? .init(name: member.name, value: .string(Self.placeholder))
                        : .init(name: member.name, value: masked(member.value, of: member.name))
                }
            )
        case .null, .boolean, .number: value
        }
    }

    private static let secretNames: Set = ["pin", "pincode", "cvv", "cvc"]
    /// Codes of countries, plans and errors are none.
    private static let secretEndings = [
        "url", "link", "token", "qrcode", "qrcodedata", "ticketcode", "secret", "password", "passwordhash", "filepath",
        "resetcode", "verificationcode", "confirmationcode", "activationcode", "invitationcode", "invitecode",
        "logincode",
        "accesscode", "authcode", "authorizationcode", "securitycode", "recoverycode", "backupcode", "passcode", "otp",
        "apikey",
    ]
    /// Whose member `code` says what kind of thing it is.
    private static let ownersOfKinds: Set = ["error", "plan", "country", "currency", "language", "detail", "reason"]

    /// Whether a member of this name is a code, a token or a link.
    private static func isSecret(_ name: String, of owner: String) -> Bool {
        let name = singular(name)
        if name == "code" { return !ownersOfKinds.contains(singular(owner)) }
        return secretNames.contains(name) || secretEndings.contains { name.hasSuffix($0) }
    }

    private static func singular(_ name: String) -> String {
        let name = name.lowercased().filter { $0 != "_" && $0 != "-" }
        return name.hasSuffix("s") ? String(name.dropLast()) : name
    }
}

extension Call {
    /// What the answer to this call may show of people.
    package var mask: PersonalMask { PersonalMask(for: principal) }
}
