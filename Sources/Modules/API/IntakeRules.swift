package import FlotillaHTTPRouting
package import FlotillaModels

/// What callers from outside may hand in: one check for events, for jobs, and for every route that makes one of them.
///
/// What is the fleet's alone is taken from nobody, `admin` included. The rest is for who has a grant for it; the grant
/// `default` covers all but the guarded families.
package struct IntakeRules: Sendable {
    /// Events and commands that nobody outside may hand in.
    package let fleetOnly: [TopicPattern]
    /// Families of events and job types that change money, rights or people.
    package let guarded: [TopicPattern]

    package init(fleetOnly: FleetOnlyMessages = FleetOnlyMessages(), guarded: [String] = []) {
        self.fleetOnly = (fleetOnly.events + fleetOnly.commands).map { TopicPattern($0) }
        self.guarded = guarded.map { TopicPattern($0) }
    }

    /// The rules of all domains together.
    package init(_ modules: [any DomainModule.Type]) {
        let messages = FleetOnlyMessages(
            events: modules.flatMap { $0.fleetOnly.events },
            commands: modules.flatMap { $0.fleetOnly.commands }
        )
        var guarded: [String] = []
        for family in modules.flatMap({ $0.guarded }) where !guarded.contains(family) { guarded.append(family) }
        self.init(fleetOnly: messages, guarded: guarded)
    }

    package func isFleetOnly(_ name: String) -> Bool { fleetOnly.contains { $0.matches(name) } }
    package func isGuarded(_ name: String) -> Bool { guarded.contains { $0.matches(name) } }

    /// - Throws: 403 when the caller may not publish this event.
    package func check(event name: String, from principal: Principal?) throws(APIError) {
        try check(name, "event", principal) { $0.events }
    }

    /// - Throws: 403 when the caller may not enqueue jobs of this type.
    package func check(job type: String, from principal: Principal?) throws(APIError) {
        try check(type, "job type", principal) { $0.jobs }
    }

    private func check(
        _ name: String,
        _ kind: String,
        _ principal: Principal?,
        _ list: (Grants) -> GrantList
    ) throws(APIError) {
        guard !isFleetOnly(name) else {
            throw APIError(
                status: 403,
                code: "fleet_only",
                message: "The \(kind) \(name) is the fleet's own; it is taken from nobody else.",
                details: [.init(field: "type", message: "is the fleet's own")]
            )
        }
        guard let principal else { throw .forbidden([.enqueue]) }
        guard !principal.scopes.contains(.admin) else { return }
        guard list(principal.grants).allows(name, isGuarded: isGuarded(name)) else {
            let words = list(principal.grants).words
            throw APIError(
                status: 403,
                code: "not_granted",
                message: "This caller has no grant for the \(kind) \(name).",
                details: [
                    .init(
                        field: "type",
                        message: words.isEmpty
                            ? "is not granted; nothing is"
                            : "is not granted; granted is \(words.joined(separator: ", "))"
                    )
                ]
            )
        }
    }
}
