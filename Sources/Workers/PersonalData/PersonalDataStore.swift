/// A place where personal data may stand, and what it knows to forget.
///
/// Whoever adds a table or another place adds a store to the domain's module: a test fails for a table that no store takes
/// care of.
package protocol PersonalDataStore: Sendable {
    /// As reports name it.
    var name: String { get }

    /// The tables that it takes care of.
    var tables: [String] { get }

    /// Whether this place may know more of a person than it is asked for. Such places are erased after all others: what is
    /// left of an interrupted erasure is still found by what they know.
    var identifiesPeople: Bool { get }

    /// Adds what this place knows of the person: other names, addresses. May be asked several times.
    func identify(_ person: inout Person) async throws

    /// Names of others that this place knows, such as `user:u-2`, who have an address or a number of the person's.
    func linked(to person: Person) async throws -> [String]

    /// Takes the person out for good, in any number of steps that may be repeated.
    ///
    /// - Parameter isDryRun: changes nothing, and counts all the same.
    /// - Returns: how many records are concerned.
    func erase(_ person: Person, isDryRun: Bool) async throws -> ErasureCount
}

extension PersonalDataStore {
    package var identifiesPeople: Bool { false }

    package func identify(_ person: inout Person) async throws {}

    package func linked(to person: Person) async throws -> [String] { [] }
}
