/// Whom a request names: one recipient, or several by what they have in common.
package enum RecipientSelector: Sendable, Hashable {
    case user(String)
    case customer(String)
    /// Anybody with an address, whether known as a recipient or not.
    case email(String, name: String?)
    case phone(String)
    /// Everybody who has the role.
    case role(String)
    /// The customer of that id, or else the users who belong to it.
    case company(String)

    /// For people: `the user 42`.
    package var noun: String {
        switch self {
        case .user(let id): "the user \(id)"
        case .customer(let id): "the customer \(id)"
        case .email(let address, _): address
        case .phone(let number): number
        case .role(let role): "anybody with the role \(role)"
        case .company(let id): "the customer \(id), nor any user of it"
        }
    }

    /// By what it is on record when nobody is found.
    var key: RecipientKey {
        switch self {
        case .user(let id): .user(id)
        case .customer(let id), .company(let id): .customer(id)
        case .email(let address, _): .address(address)
        case .phone(let number): .address(number)
        case .role(let role): RecipientKey(text: "role:\(RecipientChange.role(role))")
        }
    }

    var search: (kind: String, value: String) {
        switch self {
        case .user(let id): ("key", RecipientKey.user(id).text)
        case .customer(let id): ("key", RecipientKey.customer(id).text)
        case .email(let address, _): ("email", address.lowercased())
        case .phone(let number): ("phone", number)
        case .role(let role): ("role", RecipientChange.role(role))
        case .company(let id): ("company", id)
        }
    }
}
