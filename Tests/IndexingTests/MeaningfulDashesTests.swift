@testable import FlotillaIndexing
import Testing

struct MeaningfulDashesTests {
    @Test(arguments: [
        ("swift -java", "swift -java"), ("full-stack", "full-stack"),
        (#"-"machine learning" swift"#, #"-"machine learning" swift"#),
        ("---swift", "-swift"), ("swift --- paris", "swift   paris"), ("- - -", "     "), ("a--b", "a-b"),
        (#"-"""#, #" """#),
        ("-(-(x", " ( (x"), ("swift-", "swift "),
    ])
    func `dashes stay where they exclude or join words`(text: String, expected: String) {
        #expect(SearchText.meaningfulDashes(text) == expected)
    }
}
