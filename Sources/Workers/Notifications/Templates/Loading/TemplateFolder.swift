import FlotillaLocalization
import FoundationEssentials

/// Reads and compiles the files of a folder:
/// ```
/// layout.html  layout.txt  styles.css  words.json
/// partials/button.html  partials/greeting.fr.html …
/// user_welcome/template.json  en.html  en.txt  fr.html  fr.txt  sample.json
/// ```
struct TemplateFolder {
    /// More than any template has; a mistaken file is not read into memory.
    static let maximumFileSize = 256 << 10

    private let folder: String
    private var mistakes: [TemplateMistakes.Mistake] = []
    private var styles = StyleSheet()
    private(set) var words = WordTable()
    private(set) var templates: [String: CompiledTemplate] = [:]

    init(_ folder: String) throws(TemplateMistakes) {
        self.folder = folder
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
            throw TemplateMistakes(folder: folder, mistakes: [.init(file: ".", line: 1, problem: "no such folder")])
        }
        if let css = optional("styles.css") {
            styles = StyleSheet(String(decoding: css, as: UTF8.self), file: "styles.css", mistakes: &mistakes)
        }
        if let json = optional("words.json") {
            words = WordTable(String(decoding: json, as: UTF8.self), file: "words.json", mistakes: &mistakes)
        }
        let layouts = (
            html: parse("layout.html", as: .html, required("layout.html")),
            text: parse("layout.txt", as: .text, required("layout.txt"))
        )
        let partials = readPartials()
        for name in names.sorted() where isThere("\(name)/template.json") {
            load(name, layouts: layouts, partials: partials)
        }
        if templates.isEmpty, mistakes.isEmpty {
            mistakes.append(.init(file: ".", line: 1, problem: "no template: there is no NAME/template.json"))
        }
        guard mistakes.isEmpty else { throw TemplateMistakes(folder: folder, mistakes: mistakes) }
    }

    /// The partials of each language and format: `button.html` is for all languages, `button.fr.html` for one.
    private typealias Partials = [MessageLocale: [TemplateCompiler.Format: [String: ParsedTemplate]]]

    private mutating func readPartials() -> Partials {
        var partials: Partials = [:]
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder + "/partials")) ?? []
        // A file of one language comes after, and so before, the one for all.
        for name in names.sorted(by: { ($0.count { $0 == "." }, $0) < ($1.count { $0 == "." }, $1) }) {
            let file = "partials/\(name)"
            let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
            let languages =
                parts.count == 3 ? MessageLocale(rawValue: parts[1]).map { [$0] } : MessageLocale.allCases
            guard let ending = parts.last, let format = TemplateCompiler.Format(rawValue: ending), let languages,
                parts.count == 2 || parts.count == 3
            else {
                mistakes.append(
                    .init(file: file, line: 1, problem: "expected a name such as button.html or button.fr.html")
                )
                continue
            }
            let partial = parse(file, as: format, required(file))
            for language in languages { partials[language, default: [:]][format, default: [:]][parts[0]] = partial }
        }
        return partials
    }

    private mutating func load(
        _ name: String,
        layouts: (html: ParsedTemplate, text: ParsedTemplate),
        partials: Partials
    ) {
        let file = "\(name)/template.json"
        let manifest = TemplateManifest(
            String(decoding: required(file), as: UTF8.self),
            file: file,
            mistakes: &mistakes
        )
        var template = CompiledTemplate(name: name, manifest)
        for language in MessageLocale.allCases {
            let (html, text) = ("\(name)/\(language.rawValue).html", "\(name)/\(language.rawValue).txt")
            guard language.rawValue == TemplateLibrary.defaultLanguage || isThere(html) || isThere(text) else {
                continue
            }
            let parsed = TextFile(required(text), file: text, mistakes: &mistakes)
            let content = (html: parse(html, as: .html, required(html)), text: parsed.body)
            func compile(
                _ parsed: ParsedTemplate,
                _ format: TemplateCompiler.Format,
                content: ParsedTemplate? = nil
            ) -> [TemplateNode] {
                var known = partials[language]?[format] ?? [:]
                known["content"] = content
                return TemplateCompiler.compile(
                    parsed,
                    as: format,
                    with: known,
                    variables: template.variables,
                    mistakes: &mistakes
                )
            }
            template.texts[language] = .init(
                headers: parsed.headers.mapValues { compile($0, .text) },
                html: compile(layouts.html, .html, content: content.html),
                text: compile(layouts.text, .text, content: content.text)
            )
        }
        templates[name] = template
    }

    /// A file's last line break is no part of it, so that a partial can stand inside of a line.
    private mutating func parse(_ file: String, as format: TemplateCompiler.Format, _ bytes: [UInt8]) -> ParsedTemplate
    {
        var bytes = format == .html ? styles.inlined(in: bytes) : bytes
        if bytes.last == 0x0a { bytes.removeLast() }
        return TemplateParser.parse(bytes, file: file, mistakes: &mistakes)
    }

    private func isThere(_ file: String) -> Bool { FileManager.default.fileExists(atPath: "\(folder)/\(file)") }

    private mutating func optional(_ file: String) -> [UInt8]? { isThere(file) ? required(file) : nil }

    private mutating func required(_ file: String) -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: "\(folder)/\(file)") else {
            mistakes.append(.init(file: file, line: 1, problem: "the file is missing or can't be read"))
            return []
        }
        guard data.count <= Self.maximumFileSize else {
            mistakes.append(.init(file: file, line: 1, problem: "the file has more than \(Self.maximumFileSize) bytes"))
            return []
        }
        let bytes = Array(data)
        guard (try? UTF8Span(validating: bytes.span)) != nil else {
            mistakes.append(.init(file: file, line: 1, problem: "the file is not UTF-8"))
            return []
        }
        return bytes
    }
}
