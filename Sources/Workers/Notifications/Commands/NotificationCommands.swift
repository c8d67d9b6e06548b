import FlotillaModules
package import FlotillaCommandLineKit
import FlotillaModels
import FlotillaOperations
import FoundationEssentials

/// `flotilla notification`: the texts that people receive.
package enum NotificationCommands {
    package static let all = Command("notification", "Shows what people are told", verbs: [preview])

    private static let name = OptionalArgument<String>("TEMPLATE", "The template's name: user_welcome")
    private static let language = Option<String>("lang", "TAG", "The reader's language: fr, en-GB")
        .defaulting(to: TemplateLibrary.defaultLanguage)
    private static let data = Option<BodySource>("data", "JSON|@FILE|-", "The values (default its sample.json)")
    private static let format = Option<PreviewFormat>("format", "html|text|short|subject", "Which part to show")
        .defaulting(to: .text)
    private static let zone = Option<String>("zone", "ZONE", "The reader's time zone: Europe/Paris")
        .defaulting(to: "UTC")
    private static let output = Option<PreviewOutput>("output", "table|json|FILE", "Where and how to write")
        .defaulting(to: .format(.table))
    private static let list = Flag("list", "Lists the templates and what each needs")

    private static let preview = Command(
        "preview",
        "Shows a notification as a reader would get it; sends nothing",
        takes: [name, language, data, format, zone, output, list],
        details: """
            Templates are read from the folder FLOTILLA_TEMPLATES. A recipient and an app that --data does not have are made
            up. With --output json, all parts are shown.
            """,
        examples: [
            "flotilla notification preview --list",
            "flotilla notification preview interview_scheduled --lang fr --zone Europe/Paris",
            "flotilla notification preview ticket_generated --data @guest.json --format html --output ticket.html",
        ]
    ) { invocation in
        let library = try library(try invocation.configuration())
        if invocation[list] {
            try show(library, in: invocation)
            return .done
        }
        guard let name = invocation[name] else { throw UsageError("TEMPLATE is missing, or --list") }
        guard let template = library.template(name) else {
            throw CommandError(
                "there is no template “\(name)”" + Suggestion.text(for: name, among: library.names),
                remedy: "flotilla notification preview --list shows all",
                status: .wrongUse
            )
        }
        let given = try values(from: invocation[data]) ?? library.sample(of: name)
        guard let given else { throw UsageError("\(name) has no sample.json: give --data") }
        let rendered: RenderedNotification
        do throws(TemplateError) {
            rendered = try library.render(
                name,
                language: invocation[language],
                values: PreviewValues.completing(given, for: template),
                timeZone: invocation[zone],
                writtenIn: invocation[zone]
            )
        } catch { throw CommandError(error.detail, remedy: "correct --data, or the template") }
        switch invocation[output] {
        case .format(.table): invocation.console.print(invocation[format].text(of: rendered).withoutLastBreak)
        case .format(.json): invocation.console.print(try JSONText.encode(PreviewAnswer(name, rendered)))
        case .file(let path):
            let text = invocation[format].text(of: rendered).withoutLastBreak + "\n"
            do { try Data(text.utf8).write(to: URL(filePath: path)) } catch {
                throw CommandError("cannot write \(path)")
            }
            invocation.console.note("\(path) written")
        }
        return .done
    }

    private static func library(_ configuration: Configuration) throws -> TemplateLibrary {
        do throws(TemplateMistakes) {
            return try TemplateLibrary(folder: configuration.templateFolder)
        } catch { throw CommandError("\(error)", status: .wrongUse) }
    }

    private static func values(from source: BodySource?) throws -> JSONValue? {
        guard let source else { return nil }
        let bytes = try source.read()
        let value: JSONValue
        do throws(InvalidPayload) {
            value = try JSONValue(bytes)
        } catch { throw CommandError("--data: \(error)", status: .wrongUse) }
        guard case .members = value else { throw UsageError("--data has to be an object") }
        return value
    }

    private struct Row: Encodable {
        let name: String
        let category: String
        let channels: [String]
        let languages: [String]
        let required: [String]
        let optional: [String]
    }

    private static func show(_ library: TemplateLibrary, in invocation: Invocation) throws {
        let rows = library.names.compactMap { name in
            library.template(name).map { template in
                Row(
                    name: name,
                    category: template.category.rawValue,
                    channels: template.channels.map(\.rawValue),
                    languages: library.languages(of: name),
                    required: library.variables(of: name).required,
                    optional: library.variables(of: name).optional
                )
            }
        }
        if case .format(.json) = invocation[output] { return invocation.console.print(try JSONText.encode(rows)) }
        let table = Table(
            ["template", "category", "channels", "languages", "variables"],
            rows.map { row in
                let variables = row.required + row.optional.map { $0 + "?" }
                return [
                    row.name, row.category, row.channels.joined(separator: " "), row.languages.joined(separator: " "),
                    variables.joined(separator: " "),
                ]
            }
        )
        invocation.console.print(
            table.rendered(width: invocation.console.width, colours: invocation.console.hasColours)
        )
    }
}
