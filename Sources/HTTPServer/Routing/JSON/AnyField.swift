/// A field whatever its type, for lists of them.
package protocol AnyField: Sendable {
    var name: String { get }
    var isRequired: Bool { get }
    var summary: String { get }
    var schema: String { get }
    func read(_ member: JSONMember) throws(RuleProblem) -> any Sendable
    func readText(_ text: String) throws(RuleProblem) -> any Sendable
}
