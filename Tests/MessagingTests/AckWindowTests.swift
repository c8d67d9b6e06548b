@testable import FlotillaMessaging
import Testing

struct AckWindowTests {
    private let start = ContinuousClock.now

    private func window(delivered: UInt64, pendingLimit: Int = 100) -> AckWindow {
        var window = AckWindow(gapTimeout: .milliseconds(20), pendingLimit: pendingLimit)
        for tag in 1...delivered { window.delivered(tag) }
        return window
    }

    @Test func `settlements that follow each other shortly go out as one frame`() {
        var window = AckWindow(linger: .milliseconds(2), pendingLimit: 10)
        let start = ContinuousClock.now
        for tag in 1...9 { window.delivered(UInt64(tag)) }
        window.settle(1, as: .acknowledge)
        #expect(window.flush(at: start) == [])
        #expect(window.deadline == start + .milliseconds(2))
        window.settle(2, as: .acknowledge)
        #expect(window.flush(at: start + .milliseconds(1)) == [])
        #expect(window.flush(at: start + .milliseconds(2)) == [.acknowledge(tag: 2, multiple: true)])
        #expect(window.deadline == nil)
    }

    @Test func `as many as the limit, or the end, linger no longer`() {
        var window = AckWindow(linger: .seconds(60), pendingLimit: 3)
        for tag in 1...5 { window.delivered(UInt64(tag)) }
        for tag in 1...3 { window.settle(UInt64(tag), as: .acknowledge) }
        #expect(window.flush(at: .now) == [.acknowledge(tag: 3, multiple: true)])
        window.settle(4, as: .acknowledge)
        #expect(window.flush(at: .now) == [])
        #expect(window.flush(at: .now, everything: true) == [.acknowledge(tag: 4, multiple: false)])
    }

    @Test func `what is settled without a gap goes in one frame`() {
        var window = window(delivered: 5)
        for tag in [3, 1, 2] as [UInt64] { window.settle(tag, as: .acknowledge) }
        #expect(window.flush(at: start) == [.acknowledge(tag: 3, multiple: true)])
        #expect(window.deadline == nil)
        #expect(window.unsettledCount == 2)
    }

    @Test func `a single settlement is not multiple`() {
        var window = window(delivered: 2)
        window.settle(1, as: .acknowledge)
        #expect(window.flush(at: start) == [.acknowledge(tag: 1, multiple: false)])
    }

    @Test func `what is settled above a gap waits for it, but not longer than the gap timeout`() {
        var window = window(delivered: 4)
        window.settle(2, as: .acknowledge)
        window.settle(4, as: .acknowledge)
        #expect(window.flush(at: start).isEmpty)
        #expect(window.deadline == start + .milliseconds(20))
        #expect(
            window.flush(at: start + .milliseconds(20)) == [
                .acknowledge(tag: 2, multiple: false), .acknowledge(tag: 4, multiple: false),
            ]
        )
        #expect(window.deadline == nil)
    }

    @Test func `as many as the limit above a gap do not wait`() {
        var window = window(delivered: 4, pendingLimit: 2)
        window.settle(2, as: .acknowledge)
        #expect(window.flush(at: start).isEmpty)
        window.settle(3, as: .acknowledge)
        #expect(window.flush(at: start).count == 2)
    }

    @Test func `a multiple frame never names a tag that was sent alone`() {
        var window = window(delivered: 3)
        window.settle(3, as: .acknowledge)
        #expect(window.flush(at: start, everything: true) == [.acknowledge(tag: 3, multiple: false)])
        window.settle(2, as: .acknowledge)
        window.settle(1, as: .acknowledge)
        #expect(window.flush(at: start) == [.acknowledge(tag: 2, multiple: true)])
        window.delivered(4)
        window.settle(4, as: .acknowledge)
        #expect(window.flush(at: start) == [.acknowledge(tag: 4, multiple: false)])
    }

    @Test func `requeues and acknowledgements go in runs of their own, in order`() {
        var window = window(delivered: 5)
        for tag in [1, 2] as [UInt64] { window.settle(tag, as: .acknowledge) }
        for tag in [3, 4] as [UInt64] { window.settle(tag, as: .requeue) }
        window.settle(5, as: .acknowledge)
        #expect(
            window.flush(at: start) == [
                .acknowledge(tag: 2, multiple: true), .requeue(tag: 4, multiple: true),
                .acknowledge(tag: 5, multiple: false),
            ]
        )
    }

    @Test func `a second settle is refused, sent or not`() {
        var window = window(delivered: 2)
        #expect(window.settle(2, as: .acknowledge) == nil)
        #expect(window.settle(2, as: .requeue) == .alreadySettled)
        window.settle(1, as: .acknowledge)
        _ = window.flush(at: start)
        #expect(window.settle(1, as: .acknowledge) == .alreadySettled)
    }

    @Test func `a delivery that was never made is unknown`() {
        var window = window(delivered: 2)
        #expect(window.settle(3, as: .acknowledge) == .unknown)
        #expect(window.settle(0, as: .acknowledge) == .unknown)
        #expect(window.flush(at: start).isEmpty)
    }

    /// Plays the broker: a frame must name a tag that it holds, and must cover only what was settled that way.
    @Test func `a broker that is strict accepts every frame, and in the end holds nothing`() {
        var random = SeededGenerator(seed: 11)
        for round in 0..<100 {
            var window = AckWindow(gapTimeout: .milliseconds(20), pendingLimit: 1 + round % 30)
            var held: Set<UInt64> = []
            var settled: [UInt64: Settlement] = [:]
            var now = start
            var next: UInt64 = 1
            func check(_ frame: AckWindow.Frame) {
                let (tag, multiple, kind): (UInt64, Bool, Settlement) =
                    switch frame {
                    case .acknowledge(let tag, let multiple): (tag, multiple, .acknowledge)
                    case .requeue(let tag, let multiple): (tag, multiple, .requeue)
                    }
                #expect(held.contains(tag))
                for covered in held where covered == tag || (multiple && covered < tag) {
                    #expect(settled[covered] == kind)
                    held.remove(covered)
                }
            }
            for _ in 0..<600 {
                switch Int.random(in: 0..<4, using: &random) {
                case 0:
                    window.delivered(next)
                    held.insert(next)
                    next += 1
                case 1, 2:
                    guard let tag = held.filter({ settled[$0] == nil }).randomElement(using: &random) else { break }
                    let kind: Settlement = Int.random(in: 0..<5, using: &random) == 0 ? .requeue : .acknowledge
                    settled[tag] = kind
                    #expect(window.settle(tag, as: kind) == nil)
                default:
                    now += .milliseconds(7)
                    for frame in window.flush(at: now) { check(frame) }
                }
            }
            for tag in held where settled[tag] == nil {
                settled[tag] = .acknowledge
                window.settle(tag, as: .acknowledge)
            }
            for frame in window.flush(at: now, everything: true) { check(frame) }
            #expect(held.isEmpty)
            #expect(window.unsettledCount == 0)
        }
    }
}
