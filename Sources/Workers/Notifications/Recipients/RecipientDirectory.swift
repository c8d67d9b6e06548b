package import FlotillaIdentity

/// Users that no event has told of, as the auth service knows them.
package struct RecipientDirectory: Sendable {
    /// About one message: a list of thousands would take longer than its time.
    package static let mostQuestions = 100

    private let service: AuthServiceClient

    package init(_ service: AuthServiceClient) { self.service = service }

    /// What is known of a user; `nil` for one whom the service does not know, and for whoever is no user.
    ///
    /// Any event is newer than it. Roles are left out: they would make somebody one of those who are told of everything.
    ///
    /// - Throws: `AuthServiceError` when it can't be asked.
    func change(for selector: RecipientSelector) async throws -> RecipientChange? {
        guard case .user(let id) = selector, let user = try await service.user(id: id) else { return nil }
        var change = RecipientChange(.user(id), changedAt: 0)
        change.name = user.name
        change.email = user.email
        change.phone = user.phone
        change.language = user.language
        change.timeZone = user.timeZone
        return change
    }
}

/// Users whom no event has told of, and about whom the directory has not been asked yet.
struct UnknownUsers: Error, Hashable {
    let selectors: [RecipientSelector]
}
