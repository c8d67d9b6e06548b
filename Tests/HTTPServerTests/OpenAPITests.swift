@testable import FlotillaHTTPRouting
@testable import FlotillaHTTPServer
import Foundation
import Testing

struct OpenAPITests {
    @Test func `every route is described with what it takes and answers`() throws {
        let name = Field.required("name", .string(length: 1...10), "A \"name\".")
        let state = Field.optional("state", .choice(["a", "b"]), "A state.")
        let routes = [
            Route(
                "POST",
                "/api/v1/things/{id}",
                access: .scope(.operate),
                summary: "Do it.",
                body: [name],
                query: [state],
                answers: [.of(202, "Done.", Schemas.liveness)]
            ) { _ in HTTPResponse(status: 202) },
            Route("GET", "/open", access: .open, summary: "See.", answers: [.of(200, "Seen.")]) { _ in
                HTTPResponse(status: 200)
            },
        ]
        let json = Data(OpenAPIDocument(routes).json.utf8)
        let document = try #require(try JSONSerialization.jsonObject(with: json) as? [String: Any])
        let paths = try #require(document["paths"] as? [String: [String: [String: Any]]])
        #expect(Set(paths.keys) == ["/api/v1/things/{id}", "/open"])
        let post = try #require(paths["/api/v1/things/{id}"]?["post"])
        #expect((post["parameters"] as? [[String: Any]])?.compactMap { $0["name"] as? String } == ["id", "state"])
        #expect(
            Set((post["responses"] as? [String: Any] ?? [:]).keys)
                == [
                    "202", "400", "401", "403", "408", "413", "414", "415", "417", "422", "429", "431", "500", "501",
                    "503",
                ]
        )
        #expect((paths["/open"]?["get"]?["security"] as? [Any])?.isEmpty == true)
        #expect(post["security"] as? [[String: [String]]] == [["bearer": ["operate"]], ["header": ["operate"]]])
        let refused = try #require((post["responses"] as? [String: [String: Any]])?["429"])
        #expect(
            Set((refused["headers"] as? [String: Any] ?? [:]).keys)
                == ["Retry-After", "RateLimit", "RateLimit-Policy", "X-Correlation-ID"]
        )
        #expect(
            Set((refused["content"] as? [String: Any] ?? [:]).keys) == ["application/json", "application/problem+json"]
        )
    }

    @Test(arguments: [true, false])
    func `of a value's names the first that is there has to fit, and nothing is said of the others`(isRequired: Bool) {
        let body = Fields(
            [Field.optional("a", .json, ""), Field.optional("b", .json, "")],
            synonyms: [.init(["a", "b"], isRequired: isRequired, schema: #"{"type":"string"}"#)]
        )
        let route = Route("POST", "/x", access: .open, summary: "", body: body, answers: []) { _ in
            HTTPResponse(status: 200)
        }
        let null = #"{"type":"null"}"#
        let value = #"{"allOf":[{"not":\#(null)},{"type":"string"}]}"#
        let none = isRequired ? "" : #",{"properties":{"a":\#(null),"b":\#(null)}}"#
        let choices = #"""
            {"anyOf":[{"required":["a"],"properties":{"a":\#(value)}},\#
            {"required":["b"],"properties":{"a":\#(null),"b":\#(value)}}\#(none)]}
            """#
        #expect(OpenAPIDocument([route]).json.contains(choices), "\(choices)")
    }

    @Test func `where one of several scopes is enough, each is an alternative`() throws {
        let route = Route("GET", "/jobs", access: .anyOf([.read, .enqueue]), summary: "", answers: []) { _ in
            HTTPResponse(status: 200)
        }
        let text = OpenAPIDocument([route]).json
        #expect(
            text.contains(#"{"bearer":["read"]},{"header":["read"]},{"bearer":["enqueue"]},{"header":["enqueue"]}"#)
        )
        #expect(text.contains("the scope `read` or `enqueue`, or `admin`"))
        #expect(Scope.allCases.allSatisfy { text.contains($0.summary) })
    }

    @Test func `a body of lines is described by its own type, with a line for each example`() throws {
        let lines = LineBody([Field.required("name", .string(), "A name.")], limit: 1_000, lineCount: 5)
        let examples = [(name: "a", json: #"{"name":"a"}"#), (name: "b", json: #"{"name":"b"}"#)]
        let route = Route("POST", "/things", access: .open, summary: "", lines: lines, examples: examples, answers: [])
        {
            _ in HTTPResponse(status: 200)
        }
        let text = OpenAPIDocument([route]).json
        #expect(text.contains(#"{"application/x-ndjson":{"schema":{"type":"string","#))
        #expect(text.contains(#"{"lines":{"value":"{\"name\":\"a\"}\n{\"name\":\"b\"}\n"}}"#))
        for status in ["413", "415"] { #expect(text.contains("\"\(status)\":")) }
        #expect(!text.contains("application/json\":{\"schema\":{\"type\":\"object\",\"additionalProperties"))
    }

    @Test func `a member that need not be there may be null, and the description says so`() throws {
        let fields: Fields = [
            Field.required("name", .string(), "A name."), Field.optional("size", .integer(1...5), "A size."),
        ]
        let route = Route("POST", "/things", access: .open, summary: "", body: fields, answers: []) { _ in
            HTTPResponse(status: 200)
        }
        var value = try JSONSerialization.jsonObject(with: Data(OpenAPIDocument([route]).json.utf8))
        for key in ["paths", "/things", "post", "requestBody", "content", "application/json", "schema", "properties"] {
            value = try #require((value as? [String: Any])?[key])
        }
        let properties = try #require(value as? [String: [String: Any]])
        #expect(properties["name"]?["anyOf"] == nil)
        let choices = properties["size"]?["anyOf"] as? [[String: Any]]
        #expect(choices?.last?["type"] as? String == "null")
    }
}
