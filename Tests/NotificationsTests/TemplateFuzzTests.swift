import FlotillaModels
@testable import FlotillaNotifications
import Foundation
import Testing

struct TemplateFuzzTests {
    /// Pieces that lead deeper into the parser than random bytes do.
    private static let pieces = [
        "{{", "}}", "{{{", "}}}", "{{#a}}", "{{/a}}", "{{^a}}", "{{/b}}", "{{a}}", "{{b.c}}", "{{.}}", "{{>p}}",
        "{{>p x=a y=\"z\"}}", "{{! c }}", "{{a | date}}", "{{a | money: b}}", "{{a | plural: \"x\", \"y\"}}",
        "{{a|lines}}", "<", ">", "<p", " title=\"", "\"", "'", "<!--", "-->", "<script>", "</script", "<style>",
        "<a href=\"", "=", "\n", "Subject: ", ":", "{", "}", "|", ".", "é", "\u{202e}", "\0",
    ]

    @Test func `garbage as a template is loaded or refused, and never crashes`() throws {
        var random = Generator(state: 42)
        let fixture = try TemplateFixture(required: ["a", "b", "b.c"], more: ["partials/p.html": "{{x}}"])
        var refused = 0
        for round in 0..<600 {
            func garbage() -> [UInt8] {
                let isRandom = round % 3 == 0
                return (0..<Int.random(in: 0...60, using: &random)).flatMap { _ in
                    isRandom
                        ? [UInt8.random(in: 0...255, using: &random)]
                        : Array((Self.pieces.randomElement(using: &random) ?? "").utf8)
                }
            }
            let files = ["t/en.html", "t/en.txt", "partials/p.html", "styles.css", "words.json", "t/template.json"]
            let file = files[Int.random(in: 0..<files.count, using: &random)]
            let before = FileManager.default.contents(atPath: fixture.folder.appending(path: file).path)
            try fixture.write(garbage(), to: file)
            do throws(TemplateMistakes) {
                _ = try fixture.library()
            } catch {
                #expect(error.mistakes.allSatisfy { $0.line > 0 })
                refused += 1
            }
            try fixture.write(
                before.map(Array.init) ?? Array("{}".utf8.dropFirst(file.hasSuffix("css") ? 2 : 0)),
                to: file
            )
        }
        #expect(refused > 200)
        #expect(fixture.mistakes() == [])
    }

    @Test func `garbage as data is shown or refused, and never crashes nor breaks the page`() throws {
        var random = Generator(state: 7)
        let shipped = try ShippedTemplates()
        var shown = 0
        for _ in 0..<6 {
            for name in shipped.library.names {
                let values = garble(try shipped.values(of: name), using: &random)
                let language = Bool.random(using: &random) ? "fr" : "en"
                do throws(TemplateError) {
                    let rendered = try shipped.library.render(
                        name,
                        language: language,
                        values: values,
                        timeZone: "Asia/Tokyo"
                    )
                    shown += 1
                    #expect(HTMLCheck.problems(in: rendered.html) == [])
                    #expect(!rendered.subject.contains { $0.isNewline })
                } catch {
                    #expect(error.template == name)
                    #expect(error.code == .missingVariable || error.code == .unsuitableVariable)
                }
            }
        }
        #expect(shown > 20)
    }

    @Test func `a value of a megabyte, and lists without end, are refused`() throws {
        let shipped = try ShippedTemplates()
        guard case .members(let members) = try shipped.values(of: "message") else { return }
        func error(_ body: JSONValue) -> TemplateError? {
            let values = members.map { $0.name == "body" ? JSONValue.Member(name: "body", value: body) : $0 }
            return #expect(throws: TemplateError.self) {
                try shipped.library.render("message", language: "en", values: .members(values), timeZone: nil)
            }
        }
        let megabyte = error(.string(String(repeating: "<&>\n", count: 1 << 18)))
        #expect(megabyte?.code == .unsuitableVariable)
        #expect(megabyte?.variable == "body")
        #expect(error(.array(Array(repeating: .null, count: 1_000_000)))?.code == .unsuitableVariable)

        let fixture = try TemplateFixture(text: "{{#a}}{{#b}}{{/b}}{{/a}}", required: ["a", "b"])
        let list = "[" + Array(repeating: "1", count: 10_000).joined(separator: ",") + "]"
        #expect(try fixture.failure("{\"a\": \(list), \"b\": \(list)}").detail.contains("the lists are too long"))
    }

    @Test func `a hundred thousand members that no text shows are passed over`() throws {
        let fixture = try TemplateFixture(text: "{{#a}}{{x}}{{/a}}", required: ["a", "x"])
        let noise = (0..<100_000).map { "\"n\($0)\": 0, " }.joined()
        let list = "[" + Array(repeating: "1", count: 10_000).joined(separator: ",") + "]"
        #expect(try fixture.render("{\(noise) \"a\": \(list), \"x\": 1}").text.utf8.count == 10_001)
    }

    /// The same object with some of its values replaced.
    private func garble(_ value: JSONValue, using random: inout Generator) -> JSONValue {
        if Int.random(in: 0..<12, using: &random) == 0 {
            let text = (0..<Int.random(in: 0...30, using: &random)).map { _ in
                String(Unicode.Scalar(UInt32.random(in: 0..<0x3000, using: &random)) ?? "\u{fffd}")
            }.joined()
            return [
                .null, .boolean(true), .number("1e400"), .number("-0"), .string(text), .string("javascript:\(text)"),
                .string("\"><img src=x onerror=alert(1)>"), .string("https://\(text)"), .array([]),
                .array([.string(text), .null]), .members([]), .string("9999-12-31T23:59:60Z"),
            ].randomElement(using: &random) ?? .null
        }
        switch value {
        case .array(let elements): return .array(elements.map { garble($0, using: &random) })
        case .members(let members):
            return .members(members.map { .init(name: $0.name, value: garble($0.value, using: &random)) })
        default: return value
        }
    }

    /// SplitMix64: the same numbers in every run.
    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
            return mixed ^ (mixed >> 31)
        }
    }
}
