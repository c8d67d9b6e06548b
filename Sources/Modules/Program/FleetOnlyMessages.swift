/// What the fleet alone may publish: commands from one part of it to another, and events that nobody else can know.
package struct FleetOnlyMessages: Sendable, Hashable {
    /// Names of events on the topic exchange, or patterns of them: `quota.*`.
    package var events: [String]
    /// Routing keys on the direct exchange.
    package var commands: [String]

    package init(events: [String] = [], commands: [String] = []) {
        self.events = events
        self.commands = commands
    }
}
