import FlotillaModels
import Testing

struct JobUniquenessTests {
    private static func identity(
        _ payload: String,
        _ fields: [String] = [],
        type: String = "a.b",
        by caller: String? = "c"
    )
        throws -> [UInt8]
    {
        try JobUniqueness(fields: fields).identity(of: type, Array(payload.utf8), by: caller)
    }

    @Test func `the order of names and white space make no difference, anything else does`() throws {
        let one = try Self.identity(#"{"a":1,"b":[true,null,"x"]}"#)
        #expect(try Self.identity("{ \"b\" : [ true, null, \"\\u0078\" ], \"a\" : 1 }") == one)
        #expect(try Self.identity(#"{"a":2,"b":[true,null,"x"]}"#) != one)
        #expect(try Self.identity(#"{"a":1,"b":[null,true,"x"]}"#) != one)
        #expect(try Self.identity(#"{"a":"1","b":[true,null,"x"]}"#) != one)
        #expect(try Self.identity(#"{"a":1,"b":[true,null,"x"]}"#, type: "a.c") != one)
        #expect(try Self.identity(#"{"a":1,"b":[true,null,"x"]}"#, by: "d") != one)
        #expect(try Self.identity(#"{"a":1,"b":[true,null,"x"]}"#, by: nil) != one)
    }

    @Test func `only the chosen fields are compared, also those deeper down, and a missing one is not null`() throws {
        let one = try Self.identity(#"{"order":{"id":7,"at":1},"x":1}"#, ["order.id"])
        #expect(try Self.identity(#"{"order":{"at":2,"id":7}}"#, ["order.id"]) == one)
        #expect(try Self.identity(#"{"order":{"id":8}}"#, ["order.id"]) != one)
        #expect(try Self.identity("{}", ["a"]) != Self.identity(#"{"a":null}"#, ["a"]))
        #expect(try Self.identity(#"{"a":1,"b":2}"#, ["b", "a"]) == Self.identity(#"{"b":2,"a":1}"#, ["a", "b"]))
    }

    @Test func `texts can't be mistaken for what stands around them`() throws {
        #expect(try Self.identity(#"["a","b"]"#) != Self.identity(#"["a\",\"b"]"#))
        #expect(try Self.identity(#"{"a":"b"}"#, ["a"]) != Self.identity(#"{"a":"b\"}"}"#, ["a"]))
    }

    @Test func `what is no JSON has no identity`() {
        #expect(throws: InvalidPayload.self) { try Self.identity("{") }
    }

    @Test func `a period is held in every state`() {
        #expect(JobUniqueness(states: [.queued], period: .seconds(1)).heldIn == Set(JobState.allCases))
        #expect(JobUniqueness(states: [.queued]).heldIn == [.queued])
        #expect(JobUniqueness().heldIn == Set(JobState.allCases.filter { !$0.isFinal }))
    }
}
