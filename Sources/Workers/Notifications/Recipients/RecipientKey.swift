import FlotillaStorage

/// Whom a notification is for, as one text: `user:42`, `customer:7`, or `address:a@b.example` for anybody else.
package struct RecipientKey: Sendable, Hashable {
    package let text: String

    package init(text: String) { self.text = text }

    package static func user(_ id: String) -> Self { Self(text: "user:\(id)") }
    package static func customer(_ id: String) -> Self { Self(text: "customer:\(id)") }
    package static func address(_ address: String) -> Self { Self(text: "address:\(address.lowercased())") }

    /// The same bytes only, as in the database.
    package static func == (left: Self, right: Self) -> Bool { ExactText(left.text) == ExactText(right.text) }

    package func hash(into hasher: inout Hasher) { ExactText(text).hash(into: &hasher) }
}
