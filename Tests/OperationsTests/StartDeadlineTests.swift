@testable import FlotillaOperations
import Testing

struct StartDeadlineTests {
    private let begin = ContinuousClock.now

    @Test func `a server that writes nothing is given up after its quiet time`() {
        var deadline = StartDeadline(begin, quiet: .seconds(120))
        let isLeft = [0, 119, 120].map { deadline.isLeft(at: begin + .seconds($0), logSize: 10) }
        #expect(isLeft == [true, true, false])
    }

    @Test func `one whose log grows is waited for, but not for ever`() {
        var deadline = StartDeadline(begin, quiet: .seconds(120))
        var last = 0
        for seconds in stride(from: 0, through: 2_000, by: 100) {
            if !deadline.isLeft(at: begin + .seconds(seconds), logSize: seconds) { break }
            last = seconds
        }
        #expect(last == 1_100)
    }
}
