package import FlotillaModels
package import Workers

/// Tells people of events, and keeps the table of recipients up to date with what events say of them.
package struct NotificationEventWorker: Worker {
    package static let name = "notifications"
    package static let events: [String] = NotifiedEvents.all.keys.sorted()

    private let dispatch: NotificationDispatch
    private let directory: RecipientDirectory?

    /// - Parameter directory: where users are looked up whom no event has told of.
    package init(_ dispatch: NotificationDispatch, directory: RecipientDirectory? = nil) {
        self.dispatch = dispatch
        self.directory = directory
    }

    package func handle(_ body: RawJSON, in context: MessageContext) async throws -> Outcome {
        let name = context.queue.drop { $0 != "." }.dropFirst()
        guard let mapping = NotifiedEvents.all[String(name)] else {
            throw PermanentError(type: "unknown_event", message: "nothing is known of the event \(name)")
        }
        let event = try NotifiedEvent(
            name: String(name),
            body: body.bytes,
            timeOf: { context.time(of: $0) }
        )
        let effect = try mapping(event)
        return try await context.commit(
            effect.announcements.map(\.request),
            after: effect.changes.flatMap(\.statements),
            by: dispatch,
            asking: directory
        )
    }
}
