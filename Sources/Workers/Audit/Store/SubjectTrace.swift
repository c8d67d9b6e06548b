import FlotillaPersonalData

/// A text by which a person can be found elsewhere, sealed with the person's own key.
package struct SubjectTrace: Sendable, Hashable {
    let subject: Int64
    let digest: [UInt8]
    let category: PersonalFields.Category
    let sealed: [UInt8]

    package static func context(_ subject: Int64) -> [UInt8] { Array("flotilla.trace.1\u{0}\(subject)".utf8) }
}
