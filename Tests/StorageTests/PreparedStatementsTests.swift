@testable import FlotillaStorage
import Testing

struct PreparedStatementsTests {
    private func key(_ text: String, types: [UInt32] = []) -> PreparedStatements.Key {
        PreparedStatements.Key(text: ExactText(text), types: types)
    }

    @Test func `the least recently used statements are dropped`() {
        var statements = PreparedStatements(capacity: 2)
        for text in ["a", "b", "c"] { statements.add(key(text), name: text) }
        #expect(statements.name(of: key("a")) == "a")
        #expect(statements.evict() == ["b"])
        #expect(statements.evict().isEmpty)
        #expect(statements.name(of: key("b")) == nil)
        #expect(statements.name(of: key("c")) == "c")
    }

    @Test func `the same text with other types is another statement`() {
        var statements = PreparedStatements(capacity: 2)
        statements.add(key("a", types: [0]), name: "s1")
        #expect(statements.name(of: key("a", types: [25])) == nil)
    }

    @Test func `texts that only look alike are different statements`() {
        var statements = PreparedStatements(capacity: 2)
        statements.add(key("'\u{e9}'"), name: "s1")
        #expect(statements.name(of: key("'e\u{301}'")) == nil)
    }

    @Test func `no name is given twice`() {
        var statements = PreparedStatements(capacity: 1)
        #expect(statements.newName() != statements.newName())
    }

    @Test func `two connections give no name both`() {
        var statements = (PreparedStatements(capacity: 1), PreparedStatements(capacity: 1))
        #expect(statements.0.newName() != statements.1.newName())
    }
}
