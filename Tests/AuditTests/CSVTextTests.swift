@testable import FlotillaAudit
import Testing

struct CSVTextTests {
    @Test(
        arguments: [
            ("plain", "plain"), ("", ""), ("a,b", "\"a,b\""), ("say \"x\"", "\"say \"\"x\"\"\""),
            ("=1+1", "'=1+1"), ("+33", "'+33"), ("-1", "'-1"), ("@SUM(A1)", "'@SUM(A1)"), ("\t=1", "'\t=1"),
            ("\r=1", "\"'\r=1\""), ("=HYPERLINK(\"x\",1)", "\"'=HYPERLINK(\"\"x\"\",1)\""), ("a=1", "a=1"),
        ]
    )
    func `a cell is shown and not executed`(text: String, cell: String) {
        #expect(CSVText.line([text, "z"]) == "\(cell),z\r\n")
    }
}
