/// One profile as the records have it.
package struct FoundProfile: Sendable {
    package let profileID: String
    /// How well it matches the text; `nil` without one.
    package let relevance: Double?
    /// JSON objects: the fields that tell who it is, and the others.
    package let personal: String
    package let fields: String
    /// Microseconds since 1970; of the latest event.
    package let eventAt: Int64
}
