package import FlotillaLocalization
package import FlotillaModels
import FlotillaPlatform

/// A job that is enqueued again and again, as it is declared.
package struct CronEntry: Sendable {
    package var name: String
    /// A key that is bound on the direct exchange.
    package var type: String
    /// JSON.
    package var payload: [UInt8]
    package var schedule: CronSchedule
    package var zone: NamedTimeZone
    package var overlap: CronOverlap = .skip
    /// How late a run may be that was missed while no scheduler was there; older ones are counted and do not take place.
    package var catchUp: Duration = .seconds(3_600)
    /// Each run starts up to so much later than its nominal time.
    package var jitter: Duration = .zero
    /// Whether a run that dies pauses the entry.
    package var pauseOnFailure = false
    package var priority = JobPriority.normal
    package var maxAttempts: Int?
    /// A run that has not started so long after its time never does.
    package var expiresAfter: Duration?

    package init(
        name: String,
        type: String,
        payload: [UInt8] = Array("{}".utf8),
        schedule: CronSchedule,
        zone: NamedTimeZone = .utc
    ) {
        self.name = name
        self.type = type
        self.payload = payload
        self.schedule = schedule
        self.zone = zone
    }

    package static let catchUps: ClosedRange<Duration> = .seconds(10)...(.seconds(366 * 86_400))
    package static let jitters: ClosedRange<Duration> = .zero...(.seconds(86_400))
    package static let expiries: ClosedRange<Duration> = .seconds(1)...(.seconds(366 * 86_400))
    /// Longer payloads belong in a store, of which the payload names a place.
    package static let longestPayload = 64 << 10

    /// What is wrong with a name; `nil` when it is one.
    package static func problem(withName name: String) -> String? {
        let isName =
            (1...80).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x61...0x7a, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
                default: false
                }
            }
        return isName ? nil : "a cron entry is named by 1 to 80 lower-case letters, digits, '-', '_' and '.'"
    }

    /// What is wrong with a zone that is none.
    package static func problem(withZone name: String) -> String {
        "'\(name.prefix(60))' is no time zone that this system knows; write one such as Europe/Berlin, or UTC"
    }

    /// How much later than its nominal time a run starts: the same for everybody who asks.
    package func delay(at nominal: Int64) -> Int64 {
        let longest = UInt64(jitter.milliseconds) * 1_000
        guard longest > 0 else { return 0 }
        let digest = SHA256.digest("\(name) \(nominal)")
        let number = digest.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return Int64(number % longest)
    }
}
