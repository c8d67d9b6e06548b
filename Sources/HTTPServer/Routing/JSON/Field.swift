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

extension Field: AnyField {
    package var schema: String { rule.schema }

    package func read(_ member: JSONMember) throws(RuleProblem) -> any Sendable { try rule.read(member) }

    package func readText(_ text: String) throws(RuleProblem) -> any Sendable { try rule.readText(text) }
}
