import FlotillaLocalization
package import FlotillaModels
import FoundationEssentials

/// The templates of a folder, compiled once.
package struct TemplateLibrary: Sendable {
    /// What a template is written in for readers whose language it does not have.
    package static let defaultLanguage = "en"

    /// Longer ones are no subjects, and mail servers refuse them.
    static let maximumSubject = 1_000

    let templates: [String: CompiledTemplate]
    private let words: WordTable
    private let folder: String

    /// - Throws: Every mistake of every file, each with its line.
    package init(folder: String) throws(TemplateMistakes) {
        let files = try TemplateFolder(folder)
        (templates, words, self.folder) = (files.templates, files.words, folder)
    }

    /// In alphabetical order.
    package var names: [String] { templates.keys.sorted() }

    package func template(_ name: String) -> Template? { templates[name]?.template }

    /// The tags of the languages that a template is written in.
    package func languages(of name: String) -> [String] {
        templates[name]?.texts.keys.map(\.rawValue).sorted() ?? []
    }

    /// The dotted paths of a template's own variables; of those between bars, one has to be there.
    package func variables(of name: String) -> (required: [String], optional: [String]) {
        guard let template = templates[name] else { return ([], []) }
        let groups = template.anyOf.map { $0.joined(separator: "|") }
        return (template.required.map { $0.joined(separator: ".") } + groups, template.optional)
    }

    /// The data that a template is shown with when nobody gives any; `nil` without a `sample.json` that can be read.
    package func sample(of name: String) -> JSONValue? {
        guard templates[name] != nil, let data = FileManager.default.contents(atPath: "\(folder)/\(name)/sample.json")
        else { return nil }
        return try? JSONValue(Array(data))
    }

    /// Fills in a template.
    ///
    /// - Parameters:
    ///   - language: A BCP 47 tag, of which the first part counts: `fr-CA` is read as `fr`.
    ///   - values: An object with what the template needs.
    ///   - timeZone: The reader's zone by its IANA name, `Europe/Paris`; UTC without one, or when there is no such zone.
    ///   - writtenIn: The zone of the values' times without an offset; the assumed one without it.
    package func render(
        _ name: String,
        language: String,
        values: JSONValue,
        timeZone: String?,
        writtenIn: String? = nil
    ) throws(TemplateError) -> RenderedNotification {
        guard let template = templates[name] else {
            throw TemplateError(code: .unknownTemplate, template: name, detail: "there is no template “\(name)”")
        }
        try template.check(values)
        let asked = MessageLocale(tag: language)
        guard let (written, texts) = Self.texts(of: template, in: asked) else {
            throw TemplateError(code: .malformed, template: name, detail: "template \(name) has no texts")
        }
        let setting = TemplateRenderer.Setting(
            template: name,
            language: written,
            zone: timeZone.flatMap(NamedTimeZone.named) ?? .utc,
            writtenIn: writtenIn.flatMap(NamedTimeZone.named) ?? AssumedZone.current,
            words: words,
            values: template.own(values)
        )
        let subject = try header(.subject, of: texts, in: setting)
        let engine = JSONValue.members([
            .init(name: "subject", value: .string(subject)),
            .init(name: "preview", value: .string(try header(.preview, of: texts, in: setting))),
            .init(name: "reason", value: .string(try header(.reason, of: texts, in: setting))),
            .init(name: "language", value: .string(written.rawValue)),
            .init(name: "direction", value: .string(written.direction)),
            .init(name: "marketing", value: .boolean(template.template.category == .marketing)),
        ])
        return RenderedNotification(
            language: written.rawValue,
            subject: subject,
            html: String(
                decoding: try TemplateRenderer.render(texts.html, in: setting, engine: engine),
                as: UTF8.self
            ),
            text: String(
                decoding: try TemplateRenderer.render(texts.text, in: setting, engine: engine).withoutEmptyParagraphs,
                as: UTF8.self
            ),
            short: try header(.short, of: texts, in: setting)
        )
    }

    private static func texts(
        of template: CompiledTemplate,
        in language: MessageLocale?
    ) -> (MessageLocale, CompiledTemplate.Texts)? {
        if let language, let texts = template.texts[language] { return (language, texts) }
        guard let language = MessageLocale(rawValue: defaultLanguage), let texts = template.texts[language] else {
            return nil
        }
        return (language, texts)
    }

    private func header(
        _ header: TextHeader,
        of texts: CompiledTemplate.Texts,
        in setting: TemplateRenderer.Setting
    ) throws(TemplateError) -> String {
        let rendered = try TemplateRenderer.render(texts.headers[header] ?? [], in: setting)
        let text = String(decoding: rendered.onOneLine, as: UTF8.self)
        guard header == .subject else { return text.shortened(to: header.limit) }
        func refuse(_ problem: String) -> TemplateError {
            TemplateError(
                code: .unsuitableVariable,
                template: setting.template,
                variable: texts.headers[header]?.lazy.compactMap(\.variableName).first,
                detail: "template \(setting.template): the subject \(problem)"
            )
        }
        // A line break in a subject is no slip of the pen: it is how header fields are smuggled in.
        guard !rendered.contains(where: { $0 < 0x20 || $0 == 0x7f }) else {
            throw refuse("has a line break or another control character")
        }
        guard text.count <= Self.maximumSubject else {
            throw refuse("has \(text.count) characters, at most \(Self.maximumSubject) are taken")
        }
        return text
    }
}

extension TemplateNode {
    fileprivate var variableName: String? {
        switch self {
        case .text: nil
        case .variable(let variable): variable.reference.name
        case .section(_, _, let inner): inner.lazy.compactMap(\.variableName).first
        }
    }
}
