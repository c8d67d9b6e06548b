import FlotillaCommandLineKit
import Testing

struct TableTests {
    @Test func `columns are aligned, and numbers stand to the right`() {
        let table = Table(["queue", "ready", "state"], [["audit.all", "7", "ok"], ["quota", "1200", "paused"]])
        #expect(
            table.rendered() == """
                QUEUE      READY  STATE
                audit.all      7  ok
                quota       1200  paused
                """
        )
    }

    @Test func `wide letters count for two columns`() {
        #expect(Table(["a", "b"], [["日本", "x"], ["abcd", "y"]]).rendered() == "A     B\n日本  x\nabcd  y")
    }

    @Test func `the last column is cut to the width of the terminal`() {
        let table = Table(["id", "error"], [["1", "connection refused by the host"]])
        #expect(table.rendered(width: 16).split(separator: "\n")[1] == " 1  connection …")
    }

    @Test func `control characters can't steer the terminal`() {
        #expect(Table(["a"], [["\u{1b}[2Jx"]]).rendered() == "A\n␛[2Jx")
    }

    @Test(arguments: ["\u{61c}", "\u{200e}", "\u{202a}", "\u{202e}", "\u{2066}", "\u{2069}", "\u{2028}"])
    func `nothing turns the direction of writing, or breaks a row`(_ sign: String) {
        #expect(Table(["a"], [["x\(sign)fdp.exe"]]).rendered() == "A\nx�fdp.exe")
    }

    @Test func `letters that are joined stay so`() {
        #expect(Table(["a"], [["👩\u{200d}🚀 نمی\u{200c}خواهم"]]).rendered() == "A\n👩\u{200d}🚀 نمی\u{200c}خواهم")
    }

    @Test func `colours appear only when they are wanted`() {
        let table = Table(["state"], [[Table.Cell("ok", .green)]])
        #expect(table.rendered() == "STATE\nok")
        #expect(table.rendered(colours: true).contains("\u{1b}[32mok\u{1b}[0m"))
    }
}
