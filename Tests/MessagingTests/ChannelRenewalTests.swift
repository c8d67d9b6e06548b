@testable import FlotillaMessaging
import Testing

struct ChannelRenewalTests {
    private let start = ContinuousClock.now

    private func refusing(_ keys: String...) -> ChannelRenewal {
        var renewal = ChannelRenewal(openedAt: start)
        for key in keys { renewal.refused(exchange: "e", routingKey: key) }
        return renewal
    }

    @Test func `three refusals of one target ask for a new channel, as soon as nothing is open`() {
        var renewal = refusing("a", "a", "a")
        #expect(renewal.isDue(open: 0, at: start + .seconds(1)) == false)
        #expect(renewal.isDue(open: 0, at: start + .seconds(2)) == true)
    }

    @Test func `refusals of different targets, or with a confirm between them, ask for none`() {
        var spread = refusing("a", "a", "b", "b")
        #expect(spread.isDue(open: 0, at: start + .seconds(9)) == false)
        var mended = refusing("a", "a")
        mended.confirmed(exchange: "e", routingKey: "a")
        mended.refused(exchange: "e", routingKey: "a")
        #expect(mended.isDue(open: 0, at: start + .seconds(9)) == false)
    }

    @Test func `what is open is waited for, and nothing new is sent meanwhile`() {
        var renewal = refusing("a", "a", "a")
        #expect(renewal.isDue(open: 5, at: start + .seconds(2)) == false)
        #expect(renewal.isPausing)
        #expect(renewal.isDue(open: 1, at: start + .seconds(3)) == false)
        #expect(renewal.isDue(open: 0, at: start + .seconds(3)) == true)
        renewal.opened(at: start + .seconds(3))
        #expect(!renewal.isPausing)
    }

    @Test func `a queue that does not answer holds the others up for seconds only`() {
        var renewal = refusing("a", "a", "a")
        #expect(renewal.isDue(open: 5, at: start + .seconds(2)) == false)
        #expect(renewal.isDue(open: 5, at: start + .seconds(7)) == false)
        #expect(!renewal.isPausing)
        renewal.refused(exchange: "e", routingKey: "a")
        #expect(renewal.isDue(open: 0, at: start + .seconds(8)) == false)
        #expect(renewal.isDue(open: 0, at: start + .seconds(15)) == true)
    }

    @Test func `a target that goes on refusing gets new channels at longer and longer waits, until it is confirmed`() {
        var renewal = refusing("a", "a", "a")
        renewal.opened(at: start + .seconds(2))
        #expect(renewal.isDue(open: 0, at: start + .seconds(10)) == false)
        renewal.refused(exchange: "e", routingKey: "a")
        #expect(renewal.isDue(open: 0, at: start + .seconds(5)) == false)
        #expect(renewal.isDue(open: 0, at: start + .seconds(6)) == true)
        for opening in [6, 14, 22] {
            renewal.opened(at: start + .seconds(opening))
            renewal.refused(exchange: "e", routingKey: "a")
            #expect(renewal.isDue(open: 0, at: start + .seconds(opening + 7)) == false)
            #expect(renewal.isDue(open: 0, at: start + .seconds(opening + 8)) == true)
        }
        renewal.opened(at: start + .seconds(30))
        renewal.confirmed(exchange: "e", routingKey: "a")
        renewal.refused(exchange: "e", routingKey: "a")
        #expect(renewal.isDue(open: 0, at: start + .seconds(49)) == false)
    }
}
