/// A body that is not what the handler needs. It spends no retries.
public struct InvalidPayload: Error, Sendable, Hashable, CustomStringConvertible {
    /// The dotted path of the field, empty for the whole body: `tickets.0.guest_name`.
    public let field: String
    /// What was expected and what was found.
    public let problem: String
    /// What else is wrong with the body, where more than the first mistake was looked for.
    public let others: [InvalidPayload]

    public init(field: String, problem: String, others: [InvalidPayload] = []) {
        self.field = field
        self.problem = problem
        self.others = others
    }

    public var description: String {
        ([field.isEmpty ? problem : "\(field): \(problem)"] + others.map(\.description)).joined(separator: "; ")
    }
}
