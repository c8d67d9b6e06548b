/// How a value is written at its place.
enum Escaping: Sendable, Hashable {
    /// A text file.
    case plain
    /// Between HTML tags.
    case content
    /// In a quoted attribute.
    case attribute
    /// The beginning of a link's address: the scheme has to be http, https or mailto.
    case link
    /// The rest of a link's address, of which it can only be a word.
    case linkPart
}
