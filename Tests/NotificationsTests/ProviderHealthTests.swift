@testable import FlotillaNotifications
import Testing

struct ProviderHealthTests {
    @Test func `a notification that nobody's success speaks against waits longer each time, then pays`() {
        var health = ProviderHealth()
        for wait in [5, 10, 20] {
            #expect(health.assess("a", probeIsConclusive: false) == .unclear(wait: .seconds(wait)))
        }
        for _ in 0..<3 { #expect(health.assess("a", probeIsConclusive: false) == .notification) }
    }

    @Test func `the success of others since its last failure makes it the notification's fault`() {
        var health = ProviderHealth()
        health.noteAnswer(for: "earlier")
        #expect(health.assess("a", probeIsConclusive: false) == .unclear(wait: .seconds(5)))
        health.noteAnswer(for: "b")
        #expect(health.assess("a", probeIsConclusive: false) == .notification)
    }

    @Test func `different notifications in a row are the provider's fault until one goes through`() {
        var health = ProviderHealth()
        _ = health.assess("a", probeIsConclusive: false)
        _ = health.assess("b", probeIsConclusive: false)
        for id in ["c", "a", "b"] { #expect(health.assess(id, probeIsConclusive: false) == .provider) }
        health.noteAnswer(for: "d")
        #expect(health.assess("e", probeIsConclusive: false) == .unclear(wait: .seconds(5)))
        #expect(health.assess("a", probeIsConclusive: false) == .notification)
    }

    @Test func `a provider that lets us in on the same way is out only after more of them`() {
        var health = ProviderHealth()
        for number in 1..<ProviderHealth.outageDespiteProbes {
            #expect(health.assess("\(number)", probeIsConclusive: true) == .notification)
        }
        #expect(health.assess("last", probeIsConclusive: true) == .provider)
    }

    @Test func `a provider is left alone for a minute at most, and for a second again after it has worked`() {
        var health = ProviderHealth()
        let holds = (0..<8).map { _ in health.hold() }
        #expect(holds == [1, 2, 4, 8, 16, 32, 60, 60].map { .seconds($0) })
        health.noteAnswer(for: "a")
        #expect(health.hold() == .seconds(1))
    }

    @Test func `what it remembers of notifications has an end`() {
        var health = ProviderHealth()
        for number in 0..<10_000 { _ = health.assess("\(number)", probeIsConclusive: false) }
        #expect(health.failureRecordCount <= 1_000)
    }
}
