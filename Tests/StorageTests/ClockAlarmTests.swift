@testable import FlotillaStorage
import Testing

struct ClockAlarmTests {
    @Test func `a wrong clock is told at once, then every hour, and when it is right again`() {
        var alarm = ClockAlarm()
        let start = ContinuousClock.now
        #expect(alarm.note(4_999_999, at: start) == nil)
        #expect(alarm.note(5_000_001, at: start) == .wrong)
        #expect(alarm.note(-6_000_000, at: start + .seconds(60)) == nil)
        #expect(alarm.note(-6_000_000, at: start + .seconds(3_600)) == .wrong)
        #expect(alarm.note(0, at: start + .seconds(3_660)) == .right)
        #expect(alarm.note(0, at: start + .seconds(3_720)) == nil)
        #expect(alarm.note(.min, at: start + .seconds(3_780)) == .wrong)
    }
}
