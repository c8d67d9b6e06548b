import FlotillaMessaging
import FlotillaModels
@testable import Workers
import Testing

struct DeliveryBufferTests {
    private func delivery(_ tag: UInt64, epoch: UInt64 = 1, bytes: Int = 0) -> Delivery {
        Delivery(
            message: Message(body: [UInt8](repeating: 0, count: bytes)),
            queue: "q.e",
            exchange: "",
            routingKey: "",
            isRedelivered: false,
            token: DeliveryToken(epoch: epoch, tag: tag)
        )
    }

    @Test func `deliveries leave in the order in which they came, those put back first`() async {
        let buffer = DeliveryBuffer()
        buffer.append((1...4).map { delivery($0) })
        let first = await buffer.nextBatch(of: 2, within: .zero)
        buffer.putBack(first)
        var tags: [UInt64] = []
        for _ in 1...4 { tags += await buffer.next(upTo: 1, sharedBy: 1).map(\.token.tag) }
        #expect(tags == [1, 2, 3, 4])
    }

    private struct Watched {
        weak var delivery: Delivery?
    }

    @Test func `what was taken is not kept in memory, however many wait behind it`() async {
        let buffer = DeliveryBuffer()
        buffer.append((1...10).map { delivery($0) })
        let watched = await Watched(delivery: buffer.next(upTo: 1, sharedBy: 1).first)
        #expect(watched.delivery == nil)
        #expect(buffer.takeAll().map(\.token.tag) == Array(2...10))
    }

    @Test func `what came over a lost connection is not put back`() async {
        let buffer = DeliveryBuffer()
        buffer.append([delivery(1), delivery(2)])
        let taken = await buffer.next(upTo: 1, sharedBy: 1)
        buffer.discard(before: 2)
        buffer.append([delivery(1, epoch: 2)])
        buffer.putBack(taken)
        #expect(buffer.takeAll().map(\.token.epoch) == [2])
    }

    @Test func `a batch waits for more, but no longer than told`() async {
        let buffer = DeliveryBuffer()
        buffer.append([delivery(1)])
        #expect(await buffer.nextBatch(of: 500, within: .milliseconds(1)).count == 1)
    }

    @Test func `a batch ends before its bodies are too large together, and has one message whatever its size`() async {
        let buffer = DeliveryBuffer()
        buffer.append(zip(1..., [10, 60, 40, 500, 1]).map { delivery($0, bytes: $1) })
        var batches: [[UInt64]] = []
        for _ in 1...4 {
            batches.append(await buffer.nextBatch(of: 5, within: .zero, bytes: 100).map(\.token.tag))
        }
        #expect(batches == [[1, 2], [3], [4], [5]])
    }

    @Test func `a batch is complete as soon as it is full`() async {
        let buffer = DeliveryBuffer()
        buffer.append([delivery(1)])
        async let batch = buffer.nextBatch(of: 3, within: .seconds(3_600))
        buffer.append([delivery(2), delivery(3), delivery(4)])
        #expect(await batch.count == 3)
        #expect(buffer.count == 1)
    }

    @Test func `closing ends every wait and hands over what never ran`() async {
        let buffer = DeliveryBuffer()
        async let waiting = buffer.next(upTo: 1, sharedBy: 1)
        buffer.append([])
        let rest = buffer.close()
        #expect(rest.isEmpty)
        #expect(await waiting.isEmpty)
        let other = DeliveryBuffer()
        other.append([delivery(1), delivery(2)])
        #expect(other.close().count == 2)
        #expect(await other.nextBatch(of: 1, within: .zero).isEmpty)
    }

    @Test func `deliveries of a lost connection are forgotten`() async {
        let buffer = DeliveryBuffer()
        buffer.append([delivery(1, epoch: 1), delivery(1, epoch: 2)])
        buffer.discard(before: 2)
        #expect(buffer.takeAll().map(\.token.epoch) == [2])
    }

    @Test func `a taker gets its share of what waits, and no more than its limit`() async {
        let buffer = DeliveryBuffer()
        buffer.append((1...100).map { delivery($0) })
        #expect(await buffer.next(upTo: 32, sharedBy: 16).count == 6)
        #expect(await buffer.next(upTo: 2, sharedBy: 16).count == 2)
        #expect(await buffer.next(upTo: 32, sharedBy: 1_000).count == 1)
    }

    @Test func `many takers get every delivery once`() async {
        let buffer = DeliveryBuffer()
        let taken = await withTaskGroup(of: [UInt64].self) { group in
            for _ in 0..<8 {
                group.addTask {
                    var tags: [UInt64] = []
                    while true {
                        let taken = await buffer.next(upTo: 7, sharedBy: 8)
                        if taken.isEmpty { return tags }
                        tags += taken.map(\.token.tag)
                    }
                }
            }
            for chunk in 0..<100 { buffer.append((0..<50).map { delivery(UInt64(chunk * 50 + $0)) }) }
            while buffer.count > 0 { await Task.yield() }
            _ = buffer.close()
            return await group.reduce(into: []) { $0 += $1 }
        }
        #expect(taken.sorted() == Array(0..<5_000))
    }
}
