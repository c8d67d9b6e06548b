import FlotillaPlatform
import Testing

struct SubstituteIDTests {
    @Test func `an id that the fleet gives in place of none is known as such, and no other is`() {
        let ids = (0..<1_000).map { _ in UUIDv7.makeSubstitute() }
        #expect(Set(ids).count == ids.count)
        #expect(ids.allSatisfy { $0.utf8.count == 36 && UUIDv7.isSubstitute($0) })
        #expect((0..<1_000).allSatisfy { _ in !UUIDv7.isSubstitute(UUIDv7.make()) })
    }
}
