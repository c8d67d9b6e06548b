@testable import FlotillaNotifications
import Testing

struct ProviderStandingTests {
    @Test func `a notification that nobody's success speaks against waits longer each time, then pays`() {
        var standing = ProviderStanding()
        for wait in [5, 10, 20] {
            #expect(standing.judge("a", isTrueToItsProbe: false) == .unclear(wait: .seconds(wait)))
        }
        for _ in 0..<3 { #expect(standing.judge("a", isTrueToItsProbe: false) == .notification) }
    }

    @Test func `the success of others since its last failure makes it the notification's fault`() {
        var standing = ProviderStanding()
        standing.noteAnswer(for: "earlier")
        #expect(standing.judge("a", isTrueToItsProbe: false) == .unclear(wait: .seconds(5)))
        standing.noteAnswer(for: "b")
        #expect(standing.judge("a", isTrueToItsProbe: false) == .notification)
    }

    @Test func `different notifications in a row are the provider's fault until one goes through`() {
        var standing = ProviderStanding()
        _ = standing.judge("a", isTrueToItsProbe: false)
        _ = standing.judge("b", isTrueToItsProbe: false)
        for id in ["c", "a", "b"] { #expect(standing.judge(id, isTrueToItsProbe: false) == .provider) }
        standing.noteAnswer(for: "d")
        #expect(standing.judge("e", isTrueToItsProbe: false) == .unclear(wait: .seconds(5)))
        #expect(standing.judge("a", isTrueToItsProbe: false) == .notification)
    }

    @Test func `a provider that lets us in on the same way is out only after more of them`() {
        var standing = ProviderStanding()
        for number in 1..<ProviderStanding.outageInSpiteOfWelcome {
            #expect(standing.judge("\(number)", isTrueToItsProbe: true) == .notification)
        }
        #expect(standing.judge("last", isTrueToItsProbe: true) == .provider)
    }

    @Test func `a provider is left alone for a minute at most, and for a second again after it has worked`() {
        var standing = ProviderStanding()
        let holds = (0..<8).map { _ in standing.hold() }
        #expect(holds == [1, 2, 4, 8, 16, 32, 60, 60].map { .seconds($0) })
        standing.noteAnswer(for: "a")
        #expect(standing.hold() == .seconds(1))
    }

    @Test func `what it remembers of notifications has an end`() {
        var standing = ProviderStanding()
        for number in 0..<10_000 { _ = standing.judge("\(number)", isTrueToItsProbe: false) }
        #expect(standing.suspectCount <= 1_000)
    }
}
