@testable import FlotillaLocalization
import FlotillaModels
@testable import FlotillaNotifications
import Foundation
import Testing

struct ShippedTemplateTests {
    private static let cases = ShippedTemplates.names.flatMap { name in ["en", "fr"].map { (name, $0) } }

    @Test func `every template that the worker sends is there, in both languages`() throws {
        let library = try ShippedTemplates().library
        #expect(library.names == ShippedTemplates.names)
        for name in library.names { #expect(library.languages(of: name) == ["en", "fr"], "\(name)") }
    }

    @Test(arguments: cases)
    func `a template reads well with all of its sample, and with the least of it`(_ name: String, _ language: String)
        throws
    {
        let shipped = try ShippedTemplates()
        for values in [try shipped.values(of: name), try shipped.leastValues(of: name)] {
            let rendered = try shipped.library.render(
                name,
                language: language,
                values: values,
                timeZone: "Europe/Paris"
            )
            #expect(rendered.language == language)
            for text in [rendered.subject, rendered.short, rendered.text] {
                #expect(!text.isEmpty)
                for word in ["  ", " ,", " .", "( )", "()"] { #expect(!text.contains(word), "“\(word)” in \(text)") }
            }
            for text in [rendered.subject, rendered.short, rendered.text, rendered.html] {
                for word in ["{{", "}}", "null"] { #expect(!text.contains(word), "“\(word)” in \(text)") }
            }
            #expect(!rendered.subject.contains("\n"))
            #expect(!rendered.short.contains("\n"))
            #expect(!rendered.text.contains("\n\n\n"))
            #expect(rendered.html.hasPrefix("<!DOCTYPE html>\n<html lang=\"\(language)\" dir=\"ltr\">"))
            #expect(rendered.html.contains("Flotilla</a>"))
            #expect(HTMLCheck.problems(in: rendered.html) == [])
        }
    }

    @Test(arguments: ShippedTemplates.names)
    func `French and English use the same variables`(_ name: String) throws {
        let template = try #require(ShippedTemplates().library.templates[name])
        let used = template.texts.mapValues { texts in
            Set((texts.html + texts.text + texts.headers.values.joined()).flatMap(\.names))
        }
        #expect(used[.english] == used[.french])
        let own = Set(template.required.map { $0.joined(separator: ".") } + template.optional + template.anyOf.joined())
        let unused = own.subtracting(try #require(used[.english]))
        #expect(unused.isEmpty, "declared in \(name)/template.json and never shown")
    }

    @Test(arguments: ShippedTemplates.names)
    func `only marketing has a link to unsubscribe`(_ name: String) throws {
        let shipped = try ShippedTemplates()
        let isMarketing = shipped.library.template(name)?.category == .marketing
        #expect(isMarketing == (name == "announcement"))
        guard case .members(var members) = try shipped.values(of: name) else { return }
        members.append(.init(name: "unsubscribe_url", value: .string("https://app.example.com/unsubscribe/1")))
        let rendered = try shipped.library.render(name, language: "fr", values: .members(members), timeZone: nil)
        for text in [rendered.html, rendered.text] {
            #expect(text.contains("https://app.example.com/unsubscribe/") == isMarketing)
        }
    }

    @Test(arguments: cases)
    func `French has its spaces and apostrophes, and English its own`(_ name: String, _ language: String) throws {
        let folder = URL(filePath: ShippedTemplates.folder).appending(path: name)
        for ending in ["html", "txt"] {
            var text = try String(contentsOf: folder.appending(path: "\(language).\(ending)"), encoding: .utf8)
            text.replace(/\{\{.*?\}\}|<[^>]*>/, with: "")
            #expect(!text.contains("'"), "a straight apostrophe in \(name)/\(language).\(ending)")
            if language == "fr" {
                let breaking = text.matches(of: /[ ][:;!?»%]|«[ ]|[a-zé][;!?]/).map { String($0.output) }
                #expect(breaking == [], "\(name)/fr.\(ending)")
            }
        }
    }

    @Test(arguments: [
        "محمد بن عبد الله", "👩‍💻 Zoë 🎉", "<script>alert(1)</script>", "O'Brien \\\"Bob\\\" & Söhne",
        String(repeating: "Wolfeschlegelsteinhausen", count: 9), "{{app.name}}",
    ])
    func `any name comes out whole, and as nothing but a name`(_ recipient: String) throws {
        let shipped = try ShippedTemplates()
        for name in shipped.library.names {
            let values = try shipped.values(of: name, recipient: recipient)
            let rendered = try shipped.library.render(name, language: "en", values: values, timeZone: nil)
            #expect(HTMLCheck.problems(in: rendered.html) == [])
            #expect(!rendered.html.contains("<script"))
            guard name != "ticket_generated" else { continue }
            #expect(rendered.text.contains(recipient.replacing("\\\"", with: "\"")))
        }
    }

    @Test func `a reset of a password needs a link or a code`() throws {
        let shipped = try ShippedTemplates()
        let values = try TemplateFixture.values(
            #"{"app": {"name": "F", "url": "https://f.example", "support_email": "f@f.example"}}"#
        )
        let error = #expect(throws: TemplateError.self) {
            try shipped.library.render("password_reset", language: "fr", values: values, timeZone: nil)
        }
        #expect(error?.code == .missingVariable)
        #expect(error?.variable == "reset_url")
    }

    @Test func `a ticket's mail takes exactly the seed's data`() throws {
        let shipped = try ShippedTemplates()
        let values = try TemplateFixture.values(
            """
            {"event_title": "Tech Conference 2026", "ticket_url": "https://app.eventplanner.com/tickets/789",
             "guest_name": "John Doe",
             "app": {"name": "F", "url": "https://f.example", "support_email": "f@f.example"}}
            """
        )
        let rendered = try shipped.library.render("ticket_generated", language: "en", values: values, timeZone: nil)
        #expect(rendered.subject == "Your tickets are ready!")
        #expect(rendered.html.contains("href=\"https://app.eventplanner.com/tickets/789\""))
        #expect(rendered.text.hasPrefix("Hello John Doe,\n"))
    }
}

extension TemplateNode {
    /// Every variable of the template's own that is used in it.
    fileprivate var names: [String] {
        switch self {
        case .text: []
        case .variable(let variable):
            if case .money(.reference(let currency)) = variable.filter {
                [variable.reference.name, currency.name]
            } else {
                [variable.reference.name]
            }
        case .section(let reference, _, let inner): [reference.name] + inner.flatMap(\.names)
        }
    }
}
