@testable import FlotillaModules
import Synchronization
import Testing

struct GroupCommitTests {
    private struct Bad: Error, Equatable {}
    private struct Down: Error {}

    /// Submits the numbers at once; the answers in their order, `nil` for an error.
    private func submit(_ numbers: Range<Int>, to group: GroupCommit<Int, Int>) async -> [Int?] {
        await withTaskGroup(of: (Int, Int?).self) { tasks in
            for number in numbers { tasks.addTask { (number, try? await group.submit(number)) } }
            var answers: [Int: Int?] = [:]
            for await (number, answer) in tasks { answers[number] = answer }
            return numbers.map { answers[$0] ?? nil }
        }
    }

    @Test func `what arrives during a commit shares the next one, and each gets its own answer`() async {
        let sizes = Mutex<[Int]>([])
        let group = GroupCommit<Int, Int>(lanes: 1, failsAllItems: { _ in false }) { batch in
            sizes.withLock { $0.append(batch.count) }
            for _ in 0..<50 { await Task.yield() }
            return batch.map { $0 * 2 }
        }
        #expect(await submit(0..<200, to: group) == (0..<200).map { $0 * 2 })
        #expect(sizes.withLock { $0.count } < 100)
    }

    @Test func `one that can't be stored fails alone`() async {
        let group = GroupCommit<Int, Int>(failsAllItems: { _ in false }) { batch in
            if batch.contains(13) { throw Bad() }
            return batch
        }
        #expect(await submit(0..<100, to: group) == (0..<100).map { $0 == 13 ? nil : $0 })
    }

    @Test func `an outage fails a batch without trying its parts`() async {
        let commits = Atomic<Int>(0)
        let group = GroupCommit<Int, Int>(lanes: 1, failsAllItems: { $0 is Down }) { _ in
            commits.add(1, ordering: .relaxed)
            for _ in 0..<50 { await Task.yield() }
            throw Down()
        }
        #expect(await submit(0..<100, to: group).allSatisfy { $0 == nil })
        #expect(commits.load(ordering: .relaxed) < 50)
    }

    @Test func `no batch is larger than allowed`() async {
        let group = GroupCommit<Int, Int>(lanes: 1, largest: 8, failsAllItems: { _ in true }) { batch in
            if batch.count > 8 { throw Bad() }
            await Task.yield()
            return batch
        }
        #expect(await submit(0..<100, to: group) == Array(0..<100))
    }
}
