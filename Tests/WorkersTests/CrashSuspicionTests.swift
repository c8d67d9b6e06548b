@testable import Workers
import Testing

struct CrashSuspicionTests {
    private let one = MessageIdentity(high: 1, low: 1)
    private let two = MessageIdentity(high: 2, low: 2)

    private func previousRun(_ signal: Int32?, _ entries: RunningJournal.Entry...) -> RunningJournal.PreviousRun {
        RunningJournal.PreviousRun(signal: signal, running: entries)
    }

    @Test func `neighbours at a crash are suspects, and none of them is poison`() {
        let left = previousRun(
            6,
            .init(identity: one, mode: .together, batchSize: 1),
            .init(identity: two, mode: .together, batchSize: 1)
        )
        let assessed = CrashSuspicion.assess(left, earlier: [:])
        #expect(assessed.count == 2)
        #expect(assessed.values.allSatisfy { !$0.isPoison && $0.largestBatch == 1 })
    }

    @Test func `a message that was alone at a fatal signal is condemned`() {
        let assessed = CrashSuspicion.assess(
            previousRun(6, .init(identity: one, mode: .alone, batchSize: 1)),
            earlier: [:]
        )
        #expect(assessed[one]?.isPoison == true)
    }

    @Test func `a batch is halved by every crash and only a single message is condemned`() {
        var assessed: [MessageIdentity: CrashSuspicion] = [:]
        var sizes: [Int] = []
        var size = 500
        while assessed[one]?.isPoison != true {
            assessed = CrashSuspicion.assess(
                previousRun(11, .init(identity: one, mode: .alone, batchSize: size)),
                earlier: assessed
            )
            sizes.append(size)
            size = assessed[one]?.largestBatch ?? 0
        }
        #expect(sizes == [500, 250, 125, 62, 31, 15, 7, 3, 1])
    }

    @Test func `being killed from outside makes a poison message only the third time alone`() {
        let left = previousRun(nil, .init(identity: one, mode: .alone, batchSize: 1))
        let first = CrashSuspicion.assess(left, earlier: [:])
        let second = CrashSuspicion.assess(left, earlier: first)
        let third = CrashSuspicion.assess(left, earlier: second)
        #expect(first[one]?.isPoison == false)
        #expect(second[one]?.isPoison == false)
        #expect(third[one]?.isPoison == true)
    }

    @Test func `a suspect that ran beside others is poison at the second crash`() {
        let left = previousRun(6, .init(identity: one, mode: .accompanied, batchSize: 1))
        let first = CrashSuspicion.assess(left, earlier: [:])
        #expect(first[one]?.isPoison == false)
        #expect(CrashSuspicion.assess(left, earlier: first)[one]?.isPoison == true)
    }

    @Test func `its text reads back, and other text does not`() {
        let suspicion = CrashSuspicion(largestBatch: 62, accompaniedCrashes: 1, deathsWithoutSignal: 2, isPoison: true)
        #expect(CrashSuspicion(text: suspicion.text) == suspicion)
        #expect(CrashSuspicion(text: "1 2 3") == nil)
        #expect(CrashSuspicion(text: "0 0 0 0") == nil)
    }
}
