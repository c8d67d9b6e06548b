/// That at most one job of a type with the same values exists at a time.
///
/// The key stands on the job's own row and counts while the job is in one of the states, so that it ends with the job,
/// however that ends. With a period it counts in every state, until the period is over.
public struct JobUniqueness: Sendable, Hashable {
    /// What becomes of a second job with the same key.
    public enum Conflict: String, Sendable, Hashable, CaseIterable {
        /// The first is returned.
        case `return`
        /// The first is cancelled if it has not started, and the new one takes its place; else the new one is refused.
        case replace
        /// The new one is refused.
        case reject
    }

    /// The payload's fields that are compared, as paths such as `order.id`; empty compares the whole payload.
    ///
    /// Two values are the same where they are so in JSON, whatever the order of names and the white space. Numbers are
    /// compared as they are written: `1` is not `1.0`.
    public var fields: [String]
    /// The states in which the job holds its key; all that are not final unless given.
    public var states: Set<JobState>
    /// How long the key is held from the enqueueing on, in place of the states.
    public var period: Duration?
    public var onConflict: Conflict

    public init(
        fields: [String] = [],
        states: Set<JobState>? = nil,
        period: Duration? = nil,
        onConflict: Conflict = .return
    ) {
        self.fields = fields
        self.states = states ?? Set(JobState.unfinished)
        self.period = period
        self.onConflict = onConflict
    }

    /// The states in which a row with this rule holds its key.
    package var heldIn: Set<JobState> { period == nil ? states : Set(JobState.allCases) }

    /// What is compared, as one text: who asks, the type, and the values with their paths. One caller's jobs have nothing to do
    /// with another's.
    ///
    /// - Throws: when the payload is no JSON.
    package func identity(of type: String, _ payload: [UInt8], by caller: String?) throws(InvalidPayload) -> [UInt8] {
        let value = try JSONValue(payload)
        var text = [caller ?? "", type].map { "\($0.utf8.count):\($0)" }.joined()
        guard !fields.isEmpty else { return Array((text + value.canonical).utf8) }
        for path in fields.sorted() {
            let found = value.value(at: path.split(separator: ".").map(String.init))
            text += "\(path.utf8.count):\(path)=\(found?.canonical ?? "")"
        }
        return Array(text.utf8)
    }
}

extension JSONValue {
    /// The value as text that is the same for the same value: names sorted, no white space.
    fileprivate var canonical: String {
        switch self {
        case .null: "null"
        case .boolean(let value): value ? "true" : "false"
        case .number(let text): text
        case .string(let text): "\"\(text.utf8.count):\(text)\""
        case .array(let elements): "[" + elements.map(\.canonical).joined(separator: ",") + "]"
        case .members(let members):
            "{"
                + members.map { "\"\($0.name.utf8.count):\($0.name)\":\($0.value.canonical)" }.sorted()
                .joined(separator: ",") + "}"
        }
    }

    /// The value at a path of names; `nil` when there is none.
    package func value(at path: [String]) -> JSONValue? {
        guard let first = path.first else { return self }
        return self[first]?.value(at: Array(path.dropFirst()))
    }
}
