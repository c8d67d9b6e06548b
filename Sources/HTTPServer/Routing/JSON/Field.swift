/// A member of a body, a query parameter or a header: its name, its rule, and what it is for.
package struct Field<Value: Sendable>: Sendable {
    package let name: String
    let rule: Rule<Value>
    package let isRequired: Bool
    package let summary: String

    package static func required(_ name: String, _ rule: Rule<Value>, _ summary: String) -> Self {
        Self(name: name, rule: rule, isRequired: true, summary: summary)
    }

    package static func optional(_ name: String, _ rule: Rule<Value>, _ summary: String) -> Self {
        Self(name: name, rule: rule, isRequired: false, summary: summary)
    }
}

/// A field whatever its type, for lists of them.
package protocol AnyField: Sendable {
    var name: String { get }
    var isRequired: Bool { get }
    var summary: String { get }
    var schema: String { get }
    func read(_ member: JSONMember) throws(RuleProblem) -> any Sendable
    func readText(_ text: String) throws(RuleProblem) -> any Sendable
}

extension Field: AnyField {
    package var schema: String { rule.schema }

    package func read(_ member: JSONMember) throws(RuleProblem) -> any Sendable { try rule.read(member) }

    package func readText(_ text: String) throws(RuleProblem) -> any Sendable { try rule.readText(text) }
}

/// The values of one request that its fields have let through.
package struct FieldValues: Sendable {
    private var values: [String: any Sendable] = [:]

    package init() {}

    package subscript<Value>(field: Field<Value>) -> Value? { values[field.name] as? Value }

    /// The value of a required field: reading has made sure of it.
    package func required<Value>(_ field: Field<Value>) -> Value {
        guard let value = self[field] else { preconditionFailure("\(field.name) is not among the declared fields") }
        return value
    }

    package mutating func set(_ name: String, _ value: any Sendable) { values[name] = value }

    package func has(_ name: String) -> Bool { values[name] != nil }
}
