@testable import FlotillaOperations
import Testing

struct EnvironmentFileTests {
    @Test func `plain, quoted, exported and commented lines are read`() {
        let file = EnvironmentFile(
            #"""
            # first
            A=1
            export B=two words # comment
            C='it # is $x'
            D="a \"b\"\n\$c" # end
            E=

            """#
        )
        #expect(file.problems.isEmpty)
        #expect(file.values == ["A": "1", "B": "two words", "C": "it # is $x", "D": "a \"b\"\n$c", "E": ""])
    }

    @Test func `every bad line is named`() {
        let file = EnvironmentFile("A\n1B=2\nC='x\nD=\"x\" y\nE=fine\n")
        #expect(file.problems.map { $0.prefix(7) } == [".env:1:", ".env:2:", ".env:3:", ".env:4:"])
        #expect(file.values == ["E": "fine"])
    }
}
