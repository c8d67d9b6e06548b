/// Where the messages of jobs go, and by what their rows are found.
package struct JobRouting: Sendable, Hashable {
    /// The direct exchange, which routes a job by its type.
    package var exchange: String
    /// Types whose queue has levels.
    package var levelledTypes: Set<String>
    /// The fields of payloads by which jobs of a type are found, as paths.
    package var fields: [String: [String]]

    package init(
        exchange: String = "fleet.direct",
        levelledTypes: Set<String> = [],
        fields: [String: [String]] = [:]
    ) {
        self.exchange = exchange
        self.levelledTypes = levelledTypes
        self.fields = fields
    }

    /// The routing key of a job: its type, with the level where its queue has levels.
    package func key(of type: String, _ priority: JobPriority) -> String {
        levelledTypes.contains(type) ? priority.level(of: type) : type
    }
}
