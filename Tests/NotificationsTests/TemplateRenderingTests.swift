import FlotillaModels
@testable import FlotillaNotifications
import Testing

struct TemplateRenderingTests {
    @Test func `values are escaped in HTML, and plain in texts`() throws {
        let fixture = try TemplateFixture(html: "<p title=\"{{x}}\">{{x}}</p>", text: "{{x}}", required: ["x"])
        let rendered = try fixture.render(#"{"x": "<script>alert(\"1\")</script> & 'co'"}"#)
        let escaped = "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;co&#39;"
        #expect(rendered.html == "<p title=\"\(escaped)\">\(escaped)</p>")
        #expect(rendered.text == "<script>alert(\"1\")</script> & 'co'\n")
    }

    @Test func `controls and what reorders the text after it are left out`() throws {
        let fixture = try TemplateFixture(html: "<p>{{x}}</p>", text: "{{x}}", required: ["x"])
        let rendered = try fixture.render(#"{"x": "a\u0000b\u001b[31mc\u0085d\u202ee\u2066f\tg"}"#)
        #expect(rendered.html == "<p>ab[31mcdef\tg</p>")
        #expect(rendered.text == "ab[31mcdef\tg\n")
    }

    @Test func `a name from right to left is kept in one piece, also in the lines that the engine makes`() throws {
        let fixture = try TemplateFixture([
            "t/template.json": TemplateFixture.manifest + #", "required": ["x"]}"#,
            "t/en.html": "<p>{{x}} ({{notification.subject}})</p>",
            "t/en.txt": "Subject: For {{x}}\nShort: {{x}}\nPreview: P\nReason: R\n\n",
        ])
        let rendered = try fixture.render(#"{"x": "محمد (2)"}"#)
        #expect(rendered.subject == "For \u{2068}محمد (2)\u{2069}")
        #expect(rendered.html == "<p>\u{2068}محمد (2)\u{2069} (For \u{2068}محمد (2)\u{2069})</p>")
    }

    @Test(arguments: [
        "javascript:alert(1)", "JaVaScript:alert(1)", " https://a.example", "data:text/html,x", "vbscript:x",
        "//a.example", "/path", "https://", "https:a", "http:///x", "mailto:", "java\\u0000script:x", "a@b.example",
    ])
    func `only web and mail addresses become links`(_ address: String) throws {
        let fixture = try TemplateFixture(html: "<a href=\"{{u}}\">x</a>", required: ["u"])
        let error = try fixture.failure("{\"u\": \"\(address)\"}")
        #expect(error.code == .unsuitableVariable)
        #expect(error.variable == "u")
        #expect(error.detail.contains("t/en.html:1"))
    }

    @Test func `an address can't leave its attribute`() throws {
        let fixture = try TemplateFixture(html: "<a href='{{u}}'>x</a>", required: ["u"])
        let rendered = try fixture.render(#"{"u": "HTTPS://é.example/a b?x=1&y='\"<>\n#z"}"#)
        #expect(rendered.html == "<a href='HTTPS://é.example/a%20b?x=1&amp;y=%27%22%3C%3E%0A#z'>x</a>")
    }

    @Test func `behind the beginning of an address a value is one word of it`() throws {
        let fixture = try TemplateFixture(
            html: "<a href=\"{{u}}/p/{{id}}?q={{q}}\">x</a><a href=\"mailto:{{m}}\">y</a>",
            required: ["u", "id", "q", "m"]
        )
        let rendered = try fixture.render(
            #"{"u": "https://a.example", "id": "../x", "q": "a&b=é", "m": "a@b.example"}"#
        )
        #expect(
            rendered.html == "<a href=\"https://a.example/p/..%2Fx?q=a%26b%3D%C3%A9\">x</a>"
                + "<a href=\"mailto:a@b.example\">y</a>"
        )
    }

    @Test(arguments: [
        #"{}"#, #"{"guest": null}"#, #"{"guest": {}}"#, #"{"guest": {"name": null}}"#, #"{"guest": {"name": " "}}"#,
    ])
    func `a missing variable is an error that names template, file and variable`(_ values: String) throws {
        let fixture = try TemplateFixture(html: "<p>\n{{guest.name}}</p>", required: ["guest", "guest.name"])
        let error = try fixture.failure(values)
        #expect(error.code == .missingVariable)
        #expect(error.template == "t")
        #expect(error.variable?.hasPrefix("guest") == true)
        #expect(error.detail.hasPrefix("template t: guest"))
    }

    @Test func `what the worker gives to all templates is missed where it is used`() throws {
        let fixture = try TemplateFixture(html: "<p>\n{{app.name}}</p>")
        let error = try fixture.failure("{}")
        #expect(
            error
                == TemplateError(
                    code: .missingVariable,
                    template: "t",
                    variable: "app.name",
                    detail: "template t (t/en.html:2): app.name is missing"
                )
        )
    }

    @Test func `an element that lacks what it needs is an error`() throws {
        let fixture = try TemplateFixture(
            text: "{{#list}}{{name}} {{/list}}",
            required: ["list", "list.name"]
        )
        #expect(try fixture.render(#"{"list": [{"name": "a"}, {"name": "b"}]}"#).text == "a b\n")
        #expect(try fixture.render(#"{"list": []}"#).text == "")
        #expect(try fixture.failure(#"{"list": [{"name": "a"}, {}]}"#).variable == "list.name")
    }

    @Test(arguments: [#"{"x": {"a": 1}}"#, #"{"x": [1]}"#])
    func `an object or a list is no text`(_ values: String) throws {
        let error = try TemplateFixture(text: "{{x}}", required: ["x"]).failure(values)
        #expect(error.code == .unsuitableVariable)
        #expect(error.variable == "x")
    }

    @Test func `sections show lists, objects and what is there; inverted ones the rest`() throws {
        let fixture = try TemplateFixture(
            text: "{{#a}}[{{.}}]{{/a}}{{^a}}none{{/a}} {{#o}}{{k}}{{/o}} {{#b}}yes{{/b}}{{^b}}no{{/b}}",
            required: ["o.k"],
            optional: ["a", "o", "b"]
        )
        #expect(try fixture.render(#"{"a": [1, "x"], "o": {"k": "v"}, "b": true}"#).text == "[1][x] v yes\n")
        #expect(try fixture.render(#"{"a": "one", "b": false}"#).text == "[one]  no\n")
        #expect(try fixture.render(#"{"a": [], "b": 0}"#).text == "none  no\n")
    }

    @Test func `the data of an element does not stand in for the template's variables`() throws {
        let fixture = try TemplateFixture(
            html: "{{#list}}<a href=\"{{app.url}}\">{{title}}</a>{{/list}}",
            required: ["list", "title"]
        )
        let rendered = try fixture.render(
            #"""
            {"list": [{"app": {"url": "https://evil.example"}, "title": "evil"}], "title": "good",
             "app": {"url": "https://good.example"}}
            """#
        )
        #expect(rendered.html == "<a href=\"https://good.example\">good</a>")
    }

    @Test func `partials take texts and variables, and one of the language comes first`() throws {
        let fixture = try TemplateFixture([
            "partials/button.html": "<a href=\"{{href}}\">{{label}}</a>\n",
            "partials/bye.html": "<p>Bye</p>\n",
            "partials/bye.fr.html": "<p>Adieu</p>\n",
            "t/template.json": TemplateFixture.manifest + #", "required": ["u"]}"#,
            "t/en.html": "{{>button href=u label=\"Go & see\"}}\n{{>bye}}\n",
            "t/en.txt": TemplateFixture.headers,
            "t/fr.html": "{{>button href=u label=u}}{{>bye}}",
            "t/fr.txt": TemplateFixture.headers,
        ])
        let values = #"{"u": "https://a.example"}"#
        #expect(try fixture.render(values).html == "<a href=\"https://a.example\">Go &amp; see</a>\n<p>Bye</p>")
        #expect(
            try fixture.render(values, language: "fr-CA").html
                == "<a href=\"https://a.example\">https://a.example</a><p>Adieu</p>"
        )
    }

    @Test func `tags alone on their lines leave no empty lines, and comments nothing`() throws {
        let fixture = try TemplateFixture(
            html: "a\n  {{#x}}\nb{{! not shown }}\n  {{/x}}\n{{! alone }}\nc",
            optional: ["x"]
        )
        #expect(try fixture.render(#"{"x": true}"#).html == "a\nb\nc")
        #expect(try fixture.render("{}").html == "a\nc")
    }

    @Test func `lines stay lines in HTML, and default stands in for what is missing`() throws {
        let fixture = try TemplateFixture(
            html: "<p>{{x | lines}} {{y | default: \"–\"}}</p>",
            required: ["x"],
            optional: ["y"]
        )
        #expect(try fixture.render(#"{"x": "a\r\n<b>\n\nc"}"#).html == "<p>a<br>\n&lt;b&gt;<br>\n<br>\nc –</p>")
        #expect(try fixture.render(#"{"x": "a", "y": false}"#).html == "<p>a false</p>")
    }

    @Test func `header lines are one line, and all but the subject are cut at a limit`() throws {
        let fixture = try TemplateFixture([
            "t/template.json": TemplateFixture.manifest + #", "required": ["x"], "optional": ["y"]}"#,
            "t/en.html": "",
            "t/en.txt": "Subject: About\u{a0}{{x}}\nShort: {{#y}}{{y}}{{/y}}\nPreview: P\nReason: R\n\n",
        ])
        let rendered = try fixture.render(#"{"x": "a \u2028 c", "y": " one\r\n\ntwo \u2029 three"}"#)
        #expect(rendered.subject == "About\u{a0}a c")
        #expect(rendered.short == "one two three")
        let words = Array(repeating: "word", count: 190).joined(separator: " ")
        let long = try fixture.render("{\"x\": \"\(words)\", \"y\": \"\(words)\"}")
        #expect(long.subject == "About\u{a0}\(words)")
        #expect(long.short.count <= 320)
        #expect(long.short.hasSuffix("word…"))
    }

    @Test(arguments: [#"a\r\nBcc: b@example.com"#, #"a\nb"#, #"a\rb"#, String(repeating: "x", count: 65_536)])
    func `nothing is smuggled into a subject, and none is endless`(_ value: String) throws {
        let fixture = try TemplateFixture([
            "t/template.json": TemplateFixture.manifest + #", "required": ["x"]}"#,
            "t/en.html": "",
            "t/en.txt": "Subject: About {{x}}\nShort: S\nPreview: P\nReason: R\n\n",
        ])
        let error = try fixture.failure("{\"x\": \"\(value)\"}")
        #expect(error.code == .unsuitableVariable)
        #expect(error.variable == "x")
    }

    @Test func `what is cut off closes the isolates that it opened`() throws {
        let name = String(repeating: "محمد ", count: 200)
        let fixture = try TemplateFixture([
            "t/template.json": TemplateFixture.manifest + #", "required": ["x"]}"#,
            "t/en.html": "",
            "t/en.txt": "Subject: S\nShort: To {{x}}\nPreview: P\nReason: R\n\n",
        ])
        let short = try fixture.render("{\"x\": \"\(name)\"}").short
        #expect(short.hasPrefix("To \u{2068}"))
        #expect(short.hasSuffix("…\u{2069}"))
    }

    @Test func `an unknown template is told apart, and an unknown language falls back to English`() throws {
        let fixture = try TemplateFixture(text: "hello")
        let library = try fixture.library()
        let error = #expect(throws: TemplateError.self) {
            try library.render("u", language: "en", values: .members([]), timeZone: nil)
        }
        #expect(error?.code == .unknownTemplate)
        for tag in ["de", "fr", "", "x-klingon", "🏴"] {
            #expect(try fixture.render("{}", language: tag).language == "en")
        }
    }

    @Test func `of a group one variable has to be there`() throws {
        let fixture = try TemplateFixture([
            "t/template.json": TemplateFixture.manifest + #", "any_of": [["url", "code"]]}"#,
            "t/en.html": "",
            "t/en.txt": TemplateFixture.headers + "{{#url}}{{url}}{{/url}}{{#code}}{{code}}{{/code}}",
        ])
        #expect(try fixture.render(#"{"code": "42"}"#).text == "42\n")
        let error = try fixture.failure(#"{"code": ""}"#)
        #expect(error.code == .missingVariable)
        #expect(error.variable == "url")
    }
}
