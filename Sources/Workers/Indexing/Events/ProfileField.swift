package import FlotillaModels

/// What a search index knows of a candidate's profile, field by field.
///
/// Each has a value in one normal form, whatever form it came in: ``ProfileFieldReader`` sees to that.
package enum ProfileField: String, Sendable, Hashable, CaseIterable {
    case firstName, lastName, fullName, email, phone
    case title, summary, sector, location, language
    /// An array of objects, each with a `name` and perhaps a `level`.
    case skills
    /// A number.
    case experienceYears
    /// An array of objects, of which `title`, `company` and `description` have a meaning.
    case experiences
    /// An array of objects, or of texts.
    case education
    /// A number.
    case score

    /// Whether it identifies a person, and is kept apart from what can be searched.
    package var isPersonal: Bool {
        switch self {
        case .firstName, .lastName, .fullName, .email, .phone: true
        default: false
        }
    }
}

/// Values of some of a profile's fields.
package typealias ProfileFields = [ProfileField: JSONValue]
