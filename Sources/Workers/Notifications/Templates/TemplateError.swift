/// Why a template can't be loaded or rendered. Trying again does not help.
package struct TemplateError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: String, Sendable, Hashable {
        case unknownTemplate = "unknown_template"
        case missingVariable = "missing_variable"
        /// A variable is there and is not what the template can show.
        case unsuitableVariable = "unsuitable_variable"
        /// The template itself is wrong.
        case malformed = "malformed_template"
    }

    package let code: Code
    package let template: String
    /// The dotted path of the variable.
    package let variable: String?
    package let detail: String

    package init(code: Code, template: String, variable: String? = nil, detail: String) {
        self.code = code
        self.template = template
        self.variable = variable
        self.detail = detail
    }

    package var description: String { detail }
}
