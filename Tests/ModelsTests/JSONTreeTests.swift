import FlotillaModels
import Testing

struct JSONTreeTests {
    @Test(
        arguments: [
            #"{}"#, #"[]"#, #"1"#, #""a""#, #" { "a" : [ 1 , {"b":null} ,"c\"d" ] , "e":-1.5e3,"f":true}  "#,
            #"{"a":{},"a":[[],[{}]]}"#, "\t[\n]\r ",
        ]
    )
    func `nothing exchanged gives the same bytes`(text: String) throws {
        let tree = try JSONTree(Array(text.utf8))
        #expect(String(decoding: tree.replacing([]), as: UTF8.self) == text)
        #expect(tree.root.key == nil)
    }

    @Test func `values are exchanged where they stand, and all else stays`() throws {
        let tree = try JSONTree(Array(#"{"a" : "x", "b":[1, 22 ,3],"\u0063":null}"#.utf8))
        let members = tree.root.children
        #expect(members.map { tree.name(of: $0) } == ["a", "b", "c"])
        #expect(tree.text(of: members[0]) == "x" && tree.text(of: members[1]) == nil)
        let changed = tree.replacing([
            (members[1].children[1].literal, Array("[]".utf8)), (members[0].literal, JSONTree.literal("é\"")),
        ])
        #expect(String(decoding: changed, as: UTF8.self) == #"{"a" : "é\"", "b":[1, [] ,3],"\u0063":null}"#)
    }

    @Test func `what is no JSON makes no tree`() {
        #expect(throws: InvalidPayload.self) { try JSONTree(Array("{".utf8)) }
        #expect(throws: InvalidPayload.self) { try JSONTree([]) }
    }
}
