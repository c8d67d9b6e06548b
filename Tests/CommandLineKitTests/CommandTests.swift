import FlotillaCommandLineKit
import Testing

struct CommandTests {
    enum Colour: String, CaseIterable, TextValue { case red, green }

    private static let ship = Argument<String>("SHIP", "Its name")
    private static let crew = ArgumentList<String>("CREW", "Who goes along")
    private static let speed = Option<Int>("speed", "KNOTS", "How fast").defaulting(to: 8)
    private static let colour = Option<Colour>("colour", "COLOUR", "Its colour")
    private static let only = ListOption<String>("only", "PARTS", "Which parts", separator: ",")
    private static let header = ListOption<String>("header", "NAME=VALUE", "A header")
    private static let dry = Flag("dry-run", "Only show it")

    private func run(_ words: String...) async -> (
        status: FlotillaCommandLineKit.ExitStatus, results: String, messages: String
    ) {
        await run(words)
    }

    private func run(_ words: [String]) async -> (
        status: FlotillaCommandLineKit.ExitStatus, results: String, messages: String
    ) {
        let send = Command(
            "send",
            "Sends a ship",
            takes: [Self.ship, Self.crew, Self.speed, Self.colour, Self.only, Self.header, Self.dry],
            examples: ["fleet ship send aurora --speed 12"]
        ) { invocation in
            invocation.console.print(
                "\(invocation[Self.ship]) \(invocation[Self.crew]) \(invocation[Self.speed]) "
                    + "\(invocation[Self.colour]?.rawValue ?? "-") \(invocation[Self.only]) "
                    + "\(invocation[Self.header]) \(invocation[Self.dry])"
            )
            return .partlyDone
        }
        let sink = Command("sink", "Sinks it", examples: ["fleet ship sink"]) { _ in
            throw CommandError("it floats", remedy: "pull the plug")
        }
        let fleet = Application(
            "fleet",
            "ships",
            version: "1.2",
            commands: [Command("ship", "Ships", verbs: [send, sink])],
            examples: ["fleet ship send aurora"]
        )
        let recorded = RecordedConsole()
        let status = await fleet.run(words, console: recorded.console)
        return (status, recorded.results, recorded.messages)
    }

    @Test func `options and arguments come in any order, with their types and defaults`() async {
        let plain = await run("ship", "send", "aurora")
        #expect(plain.results == "aurora [] 8 - [] [] false\n")
        #expect(plain.status == .partlyDone)
        let full = await run(
            "ship",
            "send",
            "--speed=12",
            "aurora",
            "--dry-run",
            "ann",
            "--colour",
            "red",
            "bob",
            "--only",
            "a,b",
            "--only",
            "c",
            "--header",
            "x=1,2"
        )
        #expect(full.results == "aurora [\"ann\", \"bob\"] 12 red [\"a\", \"b\", \"c\"] [\"x=1,2\"] true\n")
    }

    @Test func `after two dashes everything is an argument, and one dash always is`() async {
        #expect(await run("ship", "send", "--", "--speed", "-").results == "--speed [\"-\"] 8 - [] [] false\n")
    }

    @Test(
        arguments: [
            (["ship", "send"], "SHIP is missing"),
            (["ship", "send", "a", "--sped", "1"], "unknown option --sped, did you mean “speed”?"),
            (["ship", "send", "a", "--speed"], "--speed needs a value: --speed KNOTS"),
            (["ship", "send", "a", "--speed", "x"], "--speed is a whole number, not “x”"),
            (["ship", "send", "a", "--speed", "1", "--speed", "2"], "--speed is given twice"),
            (["ship", "send", "a", "--colour", "blue"], "--colour is one of red, green, not “blue”"),
            (["ship", "send", "a", "--dry-run=yes"], "--dry-run takes no value"),
            (["ship", "sink", "now"], "“now” is one word too many"),
            (["ship"], "say what to do: ship send|sink"),
            (["ship", "snd"], "there is no “snd”, did you mean “send”?"),
            (["boat"], "there is no “boat”"),
        ]
    )
    func `wrong use is one line that says what to write, and status 2`(words: [String], message: String) async {
        let recorded = await run(words)
        #expect(recorded.status == .wrongUse)
        #expect(recorded.messages.hasPrefix("fleet: \(message)"))
        #expect(recorded.messages.split(separator: "\n").count == 1)
        #expect(recorded.results.isEmpty)
    }

    @Test func `a failure is one line with its remedy, and status 1`() async {
        let recorded = await run("ship", "sink")
        #expect(recorded.status == .failed)
        #expect(recorded.messages == "fleet: it floats; pull the plug\n")
    }

    @Test func `help is everywhere, and shows an example`() async {
        for words: [String] in [["--help"], ["help"], []] {
            #expect(await run(words).results.contains("ship   Ships"))
        }
        for page in [await run("ship", "send", "--help"), await run("help", "ship", "send")] {
            #expect(page.status == .done)
            #expect(page.results.contains("fleet ship send aurora --speed 12"))
            #expect(page.results.contains("--speed KNOTS"))
            #expect(page.results.contains("(default 8)"))
        }
        #expect(await run("ship", "--help").results.contains("fleet ship send|sink"))
        #expect(await run("--version").results == "fleet 1.2\n")
    }
}
