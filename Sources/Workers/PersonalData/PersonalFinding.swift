/// One personal value of a body: where it is, and whose.
package struct PersonalFinding: Sendable, Hashable {
    let literal: Range<Int>
    /// A JSON pointer.
    package let path: String
    package let subject: DataSubject
    package let category: PersonalFields.Category
    /// Texts by which the person can be found elsewhere.
    package var traces: [String]
}
