@testable import FlotillaNotifications
import Foundation
import Testing

struct TemplateMistakeTests {
    @Test func `all mistakes of all files are reported at once, each with its line`() throws {
        let fixture = try TemplateFixture([
            "styles.css": "p { color: red; }\n\ndiv > p { color: blue; }\n",
            "words.json": "{\n\"a\": {\"en\": \"A\"}}",
            "partials/strange.name.html": "",
            "a/template.json": "{\n\"category\": \"spam\",\n\"channels\": [\"email\", \"fax\"],\n\"what\": 1}",
            "a/en.html": "<p>\n{{#x}}\n</p>",
            "a/en.txt": "Subject: S\nShort: {{\nnothing\n\ntext {{/y}}\n",
            "b/template.json": "not JSON",
            "b/en.html": "{{{x}}}\n{{&x}}\n{{=<% %>=}}\n{{>none}}\n{{x | upper}}",
        ])
        let mistakes = fixture.mistakes()
        for expected in [
            "a/en.html:2: {{#x}} is never closed",
            "a/en.txt:1: the line Preview: is missing",
            "a/en.txt:2: “{{” without “}}”",
            "a/en.txt:3: expected each of Subject:, Short:, Preview:, Reason: once, and then an empty line",
            "a/en.txt:5: {{/y}} closes nothing",
            "a/template.json:2: category: expected transactional or marketing",
            "a/template.json:3: channels: “fax” is none of email, sms, in-app",
            "b/en.html:1: unescaped output is not allowed; write {{name}}",
            "b/en.html:2: unescaped output is not allowed; write {{name}}",
            "b/en.html:3: delimiters can't be changed",
            "b/en.txt:1: the file is missing or can't be read",
            "partials/strange.name.html:1: expected a name such as button.html or button.fr.html",
            "styles.css:3: “div > p” is no plain selector such as p, .note or p.note",
            "words.json:2: a has no word in fr",
        ] {
            #expect(mistakes.contains(expected), "\(expected)\nis not among\n\(mistakes.joined(separator: "\n"))")
        }
        #expect(mistakes.contains { $0.hasPrefix("a/template.json:4: what: unknown") })
        #expect(mistakes.contains { $0.hasPrefix("b/en.html:4: there is no partial “none”") })
        #expect(mistakes.contains { $0.hasPrefix("b/en.html:5: {{x}} is not among the variables") })
        #expect(mistakes.contains { $0.hasPrefix("b/template.json:1: not JSON") })
        #expect(mistakes == mistakes.sorted { $0.split(separator: ":")[0] < $1.split(separator: ":")[0] })
    }

    @Test(arguments: [
        ("{{#a}}{{#b}}{{/a}}{{/b}}", "{{/a}} closes {{#b}} of line 1"),
        ("{{a b}}", "expected “|” and a filter, found “b”"),
        ("{{}}", "expected a variable's name"),
        ("{{a.}}", "expected a variable's name"),
        ("{{b}}", "b may be missing; use it inside of {{#b}}…{{/b}}"),
        ("{{c}}", "{{c}} is not among the variables of template.json"),
        ("{{a | upper}}", "there is no filter “upper”"),
        ("{{a | date: \"x\"}}", "date takes no arguments"),
        ("{{a | money}}", "money takes the currency"),
        ("{{a | money: b}}", "b may be missing"),
        ("{{a | plural: \"x\"}}", "plural takes two texts"),
        ("<script>{{a}}</script>", "{{a}} can't stand inside <script>"),
        ("<style>p { color: {{a}} }</style>", "{{a}} can't stand inside <style>"),
        ("<!-- {{a}} -->", "{{a}} can't stand inside a comment"),
        ("<p {{a}}>", "{{a}} can't stand inside a tag, outside of an attribute's value"),
        ("<{{a}}>", "{{a}} can't stand inside a tag"),
        ("<p title={{a}}>", "{{a}} can't stand in an attribute without quotes"),
        ("<p title=x{{a}}>", "{{a}} can't stand in an attribute without quotes"),
        ("<p onclick=\"{{a}}\">", "{{a}} can't stand in the attribute onclick"),
        ("<p STYLE='color: {{a}}'>", "{{a}} can't stand in the attribute style"),
        ("<a href=\"java{{a}}\">", "{{a}} can't stand behind an unfinished address in href"),
        ("<a href=\"{{a | words}}\">", "an address takes no filter"),
        ("<p title=\"{{a | lines}}\">", "an attribute can't keep lines"),
        ("<p{{#a}}>{{/a}}", "{{#a}} has to open and close the same tags and quotes"),
        ("<p title=\"", "the text ends inside of a tag"),
        ("{{>self}}", "the partial “self” includes itself"),
        ("{{>one a=b}}{{>one}}", "{{label}} is not among the variables"),
        ("{{>one label=\"x\" label=\"y\"}}", "label is given twice"),
        ("{{>link href=\"javascript:x\"}}", "href: is no address"),
    ])
    func `a mistake in a template is found when it is loaded`(_ html: String, _ problem: String) throws {
        let fixture = try TemplateFixture(
            html: html,
            required: ["a"],
            optional: ["b"],
            more: [
                "partials/self.html": "{{>other}}", "partials/other.html": "{{>self}}",
                "partials/one.html": "{{label}}", "partials/link.html": "<a href=\"{{href}}\">x</a>",
            ]
        )
        let mistakes = fixture.mistakes()
        #expect(mistakes.contains { $0.contains(problem) }, "\(mistakes)")
    }

    @Test func `sections and partials are nested no deeper than mails need, and multiply no further`() throws {
        let deep = String(repeating: "{{#a}}", count: 5_000) + String(repeating: "{{/a}}", count: 5_000)
        #expect(try TemplateFixture(html: deep, required: ["a"]).mistakes().contains { $0.contains("nested deeper") })
        var partials: [String: String] = [:]
        for level in 0..<30 {
            partials["partials/p\(level).html"] = String(repeating: "{{>p\(level + 1)}}", count: 4)
        }
        partials["partials/p30.html"] = "x"
        let mistakes = try TemplateFixture(html: "{{>p0}}", more: partials).mistakes()
        #expect(mistakes.contains { $0.contains("partials are nested deeper than 12") })
        #expect(mistakes.contains { $0.contains("too large with its partials") })
    }

    @Test func `a folder that is not there, or has no templates, is a mistake`() throws {
        let error = #expect(throws: TemplateMistakes.self) { try TemplateLibrary(folder: "/nowhere") }
        #expect(error?.description == "/nowhere: no such folder")
        #expect(try TemplateFixture([:]).mistakes() == [".:1: no template: there is no NAME/template.json"])
    }

    @Test func `files that are no text, or far too large, are refused`() throws {
        let fixture = try TemplateFixture(html: "x")
        try fixture.write([0x3c, 0xff, 0xfe], to: "t/en.html")
        #expect(fixture.mistakes() == ["t/en.html:1: the file is not UTF-8"])
        try fixture.write(Array(repeating: 0x20, count: 300_000), to: "t/en.html")
        #expect(fixture.mistakes() == ["t/en.html:1: the file has more than 262144 bytes"])
    }

    @Test func `styles are written into the tags, before what these have themselves`() throws {
        let fixture = try TemplateFixture(
            html:
                "<p>a</p><P class='x note'\n style=\"margin: 0\">b</P><!-- <p> --><td class=\"y\" title=\"<p>\">{{! <p> }}",
            more: ["styles.css": "/* ours */ p, td { color: red;\n margin: 1px } .note { top: 0 } p.y { left: 0 }"]
        )
        #expect(
            try fixture.render("{}").html
                == "<p style=\"color: red;margin: 1px;\">a</p>"
                + "<P class='x note'\n style=\"color: red;margin: 1px;top: 0;margin: 0\">b</P><!-- <p> -->"
                + "<td style=\"color: red;margin: 1px;\" class=\"y\" title=\"<p>\">"
        )
    }
}
