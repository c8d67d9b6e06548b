import FlotillaModels

/// What `template.json` says: what a template is for, and which variables it may use.
struct TemplateManifest {
    var category = Template.Category.transactional
    var channels: [Channel] = []
    /// Dotted paths that always have to be there; below a list, those of each element.
    var required: [String] = []
    /// Dotted paths that may be missing, so that a section has to guard them.
    var optional: [String] = []
    /// Of each group at least one has to be there; the first names the group in errors.
    var anyOf: [[String]] = []

    /// Reads the file, and adds what is wrong with it to `mistakes`.
    init(_ text: String, file: String, mistakes: inout [TemplateMistakes.Mistake]) {
        guard let object = TemplateObject(text, file: file, mistakes: &mistakes) else { return }
        for member in object.members {
            do throws(Problem) {
                try take(member)
            } catch {
                mistakes.append(object.mistake(member, ": \(error.text)"))
            }
        }
        let names = object.members.map(\.name)
        for name in ["category", "channels"] where !names.contains(name) {
            mistakes.append(.init(file: file, line: 1, problem: "\(name) is missing"))
        }
    }

    private struct Problem: Error {
        let text: String
    }

    private mutating func take(_ member: JSONValue.Member) throws(Problem) {
        switch member.name {
        case "category":
            guard case .string(let text) = member.value, let category = Template.Category(rawValue: text) else {
                throw Problem(text: "expected transactional or marketing")
            }
            self.category = category
        case "channels":
            for word in try words(member.value) {
                guard let channel = Channel(rawValue: word) else {
                    let known = Channel.allCases.map(\.rawValue).joined(separator: ", ")
                    throw Problem(text: "“\(word)” is none of \(known)")
                }
                channels.append(channel)
            }
            if channels.isEmpty { throw Problem(text: "expected at least one") }
        case "required": required = try words(member.value)
        case "optional": optional = try words(member.value)
        case "any_of":
            guard case .array(let groups) = member.value else { throw Problem(text: "expected a list of lists") }
            for group in groups { anyOf.append(try words(group)) }
            if anyOf.contains(where: { $0.count < 2 }) { throw Problem(text: "expected two names or more in each") }
        default: throw Problem(text: "unknown; known are category, channels, required, optional, any_of")
        }
    }

    private func words(_ value: JSONValue) throws(Problem) -> [String] {
        guard case .array(let elements) = value else { throw Problem(text: "expected a list of words") }
        var words: [String] = []
        for element in elements {
            guard case .string(let word) = element, !word.isEmpty else { throw Problem(text: "expected words") }
            words.append(word)
        }
        return words
    }
}
