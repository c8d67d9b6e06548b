/// What a template is for: decides on which channels it goes out, and whether a person may decline it.
package struct Template: Sendable, Hashable {
    package enum Category: String, Sendable, Hashable {
        /// Part of what the person asked for; opting out of marketing does not stop it.
        case transactional
        case marketing
    }

    package let name: String
    package let category: Category
    /// The channels that it has texts for.
    package let channels: [Channel]
}

/// A template with its variables filled in, in one language.
package struct RenderedNotification: Sendable, Hashable {
    /// The language that it is written in, which is another than asked for when the template lacks that.
    package var language: String
    /// One line; also the title in an application.
    package var subject: String
    package var html: String
    /// The text alternative of the HTML.
    package var text: String
    /// One or two sentences, for SMS and for the line under the title in an application.
    package var short: String
}

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
