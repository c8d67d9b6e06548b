/// A service that publishes to the fleet over AMQP, as `queues.yaml` lists it.
public struct Publisher: Sendable, Hashable {
    /// Its name in the file.
    public var service: String
    /// Its user on the broker, which is nobody else's.
    public var user: String
    /// Patterns of the names of events that it may send to the topic exchange: `*` for one word, `#` for any number.
    public var events: [String]
    /// Patterns of the routing keys of commands that it may send to the exchange for commands from outside.
    public var commands: [String]
    /// A pattern of the names of queues that it may make and read, for answers; `nil` for none.
    public var reply: String?

    public init(service: String, user: String, events: [String] = [], commands: [String] = [], reply: String? = nil) {
        self.service = service
        self.user = user
        self.events = events
        self.commands = commands
        self.reply = reply
    }
}
