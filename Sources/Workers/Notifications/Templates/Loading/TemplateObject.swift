import FlotillaModels

/// A JSON object among the template files, whose mistakes are reported with their lines.
struct TemplateObject {
    let members: [JSONValue.Member]
    private let file: String
    private let lines: [Substring]

    /// Reads the object; `nil` (and a mistake) when the text is none.
    init?(_ text: String, file: String, mistakes: inout [TemplateMistakes.Mistake]) {
        do throws(InvalidPayload) {
            guard case .members(let members) = try JSONValue(Array(text.utf8)) else {
                mistakes.append(.init(file: file, line: 1, problem: "expected an object"))
                return nil
            }
            self.members = members
        } catch {
            mistakes.append(.init(file: file, line: 1, problem: error.problem))
            return nil
        }
        self.file = file
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    }

    /// A mistake about the member, on the line where its name stands.
    func mistake(_ member: JSONValue.Member, _ problem: String) -> TemplateMistakes.Mistake {
        let line = lines.firstIndex { $0.contains("\"\(member.name)\"") }.map { $0 + 1 } ?? 1
        return .init(file: file, line: line, problem: "\(member.name)\(problem)")
    }
}
