/// What is wrong with a value, worded to follow the field's name.
package struct RuleProblem: Error {
    package let text: String

    package init(_ text: String) { self.text = text }
}
