@testable import FlotillaCron
import FlotillaModels
import FlotillaLocalization
import Testing

struct CronFileTests {
    private static let types: Set = ["report.generate", "audit.write"]

    @Test func `an entry reads with all that it may have`() throws {
        let entries = try CronFile.decode(
            """
            version: 1
            queues: {}
            cron:
              nightly-report:
                type: report.generate
                schedule: "30 2 * * *"
                zone: Europe/Berlin
                payload: { scope: all, days: 7, ratio: 0.5, full: true, note: null, id: "7", list: [ 1, two ] }
                overlap: buffer_one
                catchUp: 2h
                jitter: 30s
                pauseOnFailure: true
                priority: high
                maxAttempts: 2
                expiresAfter: 6h
              quick:
                type: audit.write
                schedule: "@every 15m"
            """,
            types: Self.types
        )
        #expect(entries.map(\.name) == ["nightly-report", "quick"])
        let (full, least) = (entries[0], entries[1])
        #expect(full.schedule.text == "30 2 * * *" && full.zone.name == "Europe/Berlin" && full.overlap == .bufferOne)
        #expect(
            String(decoding: full.payload, as: UTF8.self)
                == #"{"scope":"all","days":7,"ratio":0.5,"full":true,"note":null,"id":"7","list":[1,"two"]}"#
        )
        #expect(full.catchUp == .seconds(7_200) && full.jitter == .seconds(30) && full.pauseOnFailure)
        #expect(full.priority == .high && full.maxAttempts == 2 && full.expiresAfter == .seconds(21_600))
        #expect(least.zone.name == "UTC" && least.overlap == .skip && least.catchUp == .seconds(3_600))
        #expect(least.jitter == .zero && !least.pauseOnFailure && least.payload == Array("{}".utf8))
    }

    @Test func `a file without the section has no entries`() throws {
        #expect(try CronFile.decode("version: 1\nqueues: {}\n", types: []).isEmpty)
    }

    @Test func `every mistake is told at once, with its line`() throws {
        let error = #expect(throws: CronMistakes.self) {
            try CronFile.decode(
                """
                cron:
                  Nightly:
                    type: report.generat
                    schedule: "0 0 30 2 *"
                    zone: Europe/Berlim
                    overlap: skipp
                    catchUp: soon
                    jitter: 2d
                    pauseOnFailure: perhaps
                    priority: highest
                    maxAttempts: 0
                    expiresAfter: 10
                    every: 5m
                  nightly:
                    payload: { a: 007, a: 1 }
                  twice: { type: audit.write, schedule: "@daily" }
                  twice: { type: audit.write, schedule: "@daily" }
                  other: { type: nothing.known, schedule: 5 }
                """,
                types: Self.types
            )
        }
        #expect(
            error?.description.split(separator: "\n").map(String.init) == [
                "queues.yaml:2: cron.Nightly: a cron entry is named by 1 to 80 lower-case letters, digits, '-', '_' and '.'",
                "queues.yaml:3: cron.Nightly.type: no queue takes jobs of type 'report.generat'; did you mean "
                    + "'report.generate'?",
                "queues.yaml:4: cron.Nightly.schedule: day of month: '30' is no day of the month 2: it never comes",
                "queues.yaml:5: cron.Nightly.zone: 'Europe/Berlim' is no time zone that this system knows; write one such as "
                    + "Europe/Berlin, or UTC",
                "queues.yaml:6: cron.Nightly.overlap: 'skipp' is not one of skip, buffer_one, allow, cancel_other; did you "
                    + "mean 'skip'?",
                "queues.yaml:7: cron.Nightly.catchUp: expected a duration such as 100ms, 1s, 5m or 2h, found 'soon'",
                "queues.yaml:8: cron.Nightly.jitter: 2d is out of range, 0s to 1d",
                "queues.yaml:9: cron.Nightly.pauseOnFailure: expected true or false, found 'perhaps'",
                "queues.yaml:10: cron.Nightly.priority: 'highest' is not one of low, normal, high",
                "queues.yaml:11: cron.Nightly.maxAttempts: 0 is out of range, 1 to 100",
                "queues.yaml:12: cron.Nightly.expiresAfter: expected a duration such as 100ms, 1s, 5m or 2h, found '10'",
                "queues.yaml:13: cron.Nightly.every: unknown key",
                "queues.yaml:15: cron.nightly: 'type' is missing",
                "queues.yaml:15: cron.nightly: 'schedule' is missing",
                "queues.yaml:15: cron.nightly.payload.a: duplicate key, first on line 15",
                "queues.yaml:15: cron.nightly.payload.a: '007' is no number of JSON; quote it, if it is text",
                "queues.yaml:17: cron.twice: duplicate cron entry, first on line 16",
                "queues.yaml:18: cron.other.type: no queue takes jobs of type 'nothing.known'; there are audit.write, "
                    + "report.generate",
                "queues.yaml:18: cron.other.schedule: expected text, found '5'; quote it",
            ]
        )
    }
}
