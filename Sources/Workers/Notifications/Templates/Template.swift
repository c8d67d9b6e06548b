/// What a template is for: decides on which channels it goes out, and whether a person may decline it.
package struct Template: Sendable, Hashable {
    package enum Category: String, Sendable, Hashable {
        /// Part of what the person asked for; opting out of marketing does not stop it.
        case transactional
        case marketing
    }

    package let name: String
    package let category: Category
    /// The channels that it has texts for.
    package let channels: [Channel]
}
