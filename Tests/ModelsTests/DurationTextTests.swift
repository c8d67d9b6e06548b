import FlotillaModels
import Testing

struct DurationTextTests {
    @Test(
        arguments: [
            ("100ms", Duration.milliseconds(100)), ("1s", .seconds(1)), ("5m", .seconds(300)), ("2h", .seconds(7_200)),
            ("14d", .seconds(14 * 86_400)), ("0s", .zero),
        ]
    )
    func `a whole number with a unit is a duration, and is written back the same`(text: String, duration: Duration) {
        #expect(Duration(text: text) == duration)
        #expect(duration.text == text)
    }

    @Test(arguments: [
        "", "5", "s", "1.5s", "-1s", "+1s", "1 s", "1S", "1sec", "١s", "36526d", "99999999999999999999ms",
    ])
    func `anything else is none`(text: String) {
        #expect(Duration(text: text) == nil)
    }

    @Test func `a duration is written in the largest unit that holds it whole`() {
        #expect(Duration.seconds(90).text == "90s")
        #expect(Duration.milliseconds(1_500).text == "1500ms")
        #expect(Duration.seconds(120).text == "2m")
    }
}
