@testable import Workers
import Testing

struct SuspicionTests {
    private let one = MessageIdentity(high: 1, low: 1)
    private let two = MessageIdentity(high: 2, low: 2)

    private func remains(_ signal: Int32?, _ entries: RunningJournal.Entry...) -> RunningJournal.Remains {
        RunningJournal.Remains(signal: signal, running: entries)
    }

    @Test func `neighbours at a crash are suspects, and none of them is condemned`() {
        let left = remains(
            6,
            .init(identity: one, mode: .together, batchSize: 1),
            .init(identity: two, mode: .together, batchSize: 1)
        )
        let judged = Suspicion.judge(left, earlier: [:])
        #expect(judged.count == 2)
        #expect(judged.values.allSatisfy { !$0.isCondemned && $0.largestBatch == 1 })
    }

    @Test func `a message that was alone at a fatal signal is condemned`() {
        let judged = Suspicion.judge(remains(6, .init(identity: one, mode: .alone, batchSize: 1)), earlier: [:])
        #expect(judged[one]?.isCondemned == true)
    }

    @Test func `a batch is halved by every crash and only a single message is condemned`() {
        var judged: [MessageIdentity: Suspicion] = [:]
        var sizes: [Int] = []
        var size = 500
        while judged[one]?.isCondemned != true {
            judged = Suspicion.judge(remains(11, .init(identity: one, mode: .alone, batchSize: size)), earlier: judged)
            sizes.append(size)
            size = judged[one]?.largestBatch ?? 0
        }
        #expect(sizes == [500, 250, 125, 62, 31, 15, 7, 3, 1])
    }

    @Test func `being killed from outside condemns only the third time alone`() {
        let left = remains(nil, .init(identity: one, mode: .alone, batchSize: 1))
        let first = Suspicion.judge(left, earlier: [:])
        let second = Suspicion.judge(left, earlier: first)
        let third = Suspicion.judge(left, earlier: second)
        #expect(first[one]?.isCondemned == false)
        #expect(second[one]?.isCondemned == false)
        #expect(third[one]?.isCondemned == true)
    }

    @Test func `a suspect with company is condemned at the second crash`() {
        let left = remains(6, .init(identity: one, mode: .accompanied, batchSize: 1))
        let first = Suspicion.judge(left, earlier: [:])
        #expect(first[one]?.isCondemned == false)
        #expect(Suspicion.judge(left, earlier: first)[one]?.isCondemned == true)
    }

    @Test func `its text reads back, and other text does not`() {
        let suspicion = Suspicion(largestBatch: 62, strikes: 1, silentDeaths: 2, isCondemned: true)
        #expect(Suspicion(text: suspicion.text) == suspicion)
        #expect(Suspicion(text: "1 2 3") == nil)
        #expect(Suspicion(text: "0 0 0 0") == nil)
    }
}
