/// A person, as events name them: the kind that the field's name tells, and the id.
///
/// Numbers are given out by each kind anew, so that `user:12` and `customer:12` are two people until an event says
/// otherwise.
package struct DataSubject: Sendable, Hashable, CustomStringConvertible {
    /// `user` for `userId`, in lower case; `email` and `phone` for people of whom nothing else is known.
    package let kind: String
    /// The id, or where it would itself identify a person, a pseudonym: `~` and 32 hexadecimal digits.
    package let id: String

    package init(kind: String, id: String) { (self.kind, self.id) = (kind, id) }

    /// - Parameter name: as ``description`` writes it.
    package init?(name: String) {
        guard let colon = name.firstIndex(of: ":"), colon != name.startIndex else { return nil }
        let id = name[name.index(after: colon)...]
        guard !id.isEmpty else { return nil }
        self.init(kind: String(name[..<colon]), id: String(id))
    }

    package var description: String { "\(kind):\(id)" }
}
