import FlotillaModels
import Testing

struct JobPriorityTests {
    @Test func `words are read, and the numbers of before: 0 is normal, all others are high`() {
        #expect(["low", "normal", "high"].map { JobPriority(written: $0) } == [.low, .normal, .high])
        #expect((0...9).map { JobPriority(written: "\($0)") } == [.normal] + Array(repeating: .high, count: 9))
        #expect(["", "-1", "10", "High", "1.0", "urgent"].allSatisfy { JobPriority(written: $0) == nil })
    }

    @Test func `a row of before reads as high when its number is above 0`() {
        #expect([-1, 0, 1, 3, 9].map { JobPriority(number: $0) } == [.low, .normal, .high, .high, .high])
        #expect(JobPriority.allCases.allSatisfy { JobPriority(number: $0.number) == $0 })
    }

    @Test func `a level's name has its word at the end, and is taken apart again`() {
        #expect(JobPriority.allCases.map { $0.level(of: "a.b") } == ["a.b.low", "a.b", "a.b.high"])
        for priority in JobPriority.allCases { #expect(priority.plain(priority.level(of: "a.b")) == "a.b") }
        #expect(JobPriority.normal.plain("a.high") == "a.high")
        #expect(JobPriority.low.plain("a.high") == "a.high")
    }
}
