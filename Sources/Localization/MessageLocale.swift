/// A language that templates are written in: its words for dates, numbers and amounts.
///
/// Own tables of two languages stand for a library of all: see docs/decisions/0009-templates.md.
package enum MessageLocale: String, Sendable, Hashable, CaseIterable {
    case english = "en"
    case french = "fr"

    /// - Parameter tag: A BCP 47 tag; `fr-CA` is French.
    package init?(tag: String) {
        let primary = tag.prefix { $0 != "-" && $0 != "_" }
        self.init(rawValue: primary.lowercased())
    }

    /// The value of HTML's `dir`.
    package var direction: String { "ltr" }
}
