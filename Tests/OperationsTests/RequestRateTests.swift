import FlotillaOperations
import Testing

struct RequestRateTests {
    @Test(arguments: [
        ("500/s", 500.0, 500), ("500/s:2000", 500, 2_000), ("30/min", 0.5, 30), ("36/h:1", 0.01, 1),
        ("1000000/s:1000000", 1e6, 1_000_000),
    ])
    func `a rate is a number of a unit, and a burst`(text: String, rate: Double, burst: Int) throws {
        let value = try #require(RequestRate(text: text))
        #expect(value.rate == rate)
        #expect(value.burst == burst)
        #expect(value.text == text)
    }

    @Test func `off is no rate`() { #expect(RequestRate(text: "off") == .off && RequestRate.off.rate == nil) }

    @Test(arguments: [
        "", "500", "500/", "/s", "0/s", "-1/s", "500/d", "1.5/s", "500/s:", "500/s:0", "500/s:1:2", "+5/s", "1000001/s",
        "٥/s", "5 /s", "500/s/s", "OFF",
    ])
    func `anything else is none`(text: String) { #expect(RequestRate(text: text) == nil) }
}
