/// Where the messages of jobs go.
package struct JobRouting: Sendable, Hashable {
    /// The direct exchange, which routes a job by its type.
    package var exchange: String
    /// Types whose queue has levels.
    package var levelledTypes: Set<String>

    package init(exchange: String = "fleet.direct", levelledTypes: Set<String> = []) {
        self.exchange = exchange
        self.levelledTypes = levelledTypes
    }

    /// The routing key of a job: its type, with the level where its queue has levels.
    package func key(of type: String, _ priority: JobPriority) -> String {
        levelledTypes.contains(type) ? priority.level(of: type) : type
    }
}
