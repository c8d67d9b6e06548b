import FoundationEssentials
package import Models

/// The templates of a folder, compiled once.
package struct TemplateLibrary: Sendable {
    /// What a template is written in for readers whose language it does not have.
    package static let defaultLanguage = "en"

    private let templates: [String: Template]

    /// - Throws: Every mistake of every file, each with its line.
    package init(folder: String) throws(TemplateMistakes) {
        var mistakes: [TemplateMistakes.Mistake] = []
        var templates: [String: Template] = [:]
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
            throw TemplateMistakes(folder: folder, mistakes: [.init(file: "", line: 1, problem: "no such folder")])
        }
        for name in names {
            let file = "\(name)/template.json"
            guard let data = FileManager.default.contents(atPath: "\(folder)/\(file)") else { continue }
            let manifest = TemplateManifest(String(decoding: data, as: UTF8.self), file: file, mistakes: &mistakes)
            templates[name] = Template(name: name, category: manifest.category, channels: manifest.channels)
        }
        guard mistakes.isEmpty else { throw TemplateMistakes(folder: folder, mistakes: mistakes) }
        self.templates = templates
    }

    /// In alphabetical order.
    package var names: [String] { templates.keys.sorted() }

    package func template(_ name: String) -> Template? { templates[name] }

    /// Fills in a template.
    ///
    /// - Parameters:
    ///   - language: A BCP 47 tag, of which the first part counts: `fr-CA` is read as `fr`.
    ///   - values: An object with what the template needs.
    ///   - timeZone: The reader's zone by its IANA name, `Europe/Paris`; UTC without one.
    package func render(
        _ name: String,
        language: String,
        values: JSONValue,
        timeZone: String?
    ) throws(TemplateError) -> RenderedNotification {
        guard templates[name] != nil else {
            throw TemplateError(code: .unknownTemplate, template: name, detail: "there is no template “\(name)”")
        }
        throw TemplateError(code: .malformed, template: name, detail: "the template “\(name)” has no texts")
    }
}
