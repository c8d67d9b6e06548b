import FlotillaMessaging
import FlotillaModels
import Testing

struct JobRuleFileTests {
    @Test func `limits and fields of jobs are read by their type`() throws {
        let topology = try TopologyFile.decode(
            """
            version: 1
            queues:
              a.b: { worker: w, bind: [ { exchange: direct, key: a.b } ], priorities: true }
              a.c: { worker: w, bind: [ { exchange: direct, key: a.c } ] }
            limits:
              a.b: { concurrency: 5, rate: 100/1m, strategy: cancel_newest }
              a.c: { rate: 7/1s }
            jobFields:
              a.c: [ order.id, name ]
            """
        )
        #expect(
            topology.limits == [
                "a.b": JobLimits(
                    concurrency: 5,
                    rate: .init(count: 100, window: .seconds(60)),
                    strategy: .cancelNewest
                ),
                "a.c": JobLimits(rate: .init(count: 7, window: .seconds(1))),
            ]
        )
        #expect(topology.jobFields == ["a.c": ["order.id", "name"]])
        #expect(topology.jobRouting.fields == topology.jobFields)
    }

    @Test func `all mistakes are told at once, with their lines`() {
        let error = #expect(throws: TopologyMistakes.self) {
            _ = try TopologyFile.decode(
                """
                version: 1
                queues:
                  a.b: { worker: w, bind: [ { exchange: direct, key: a.b } ] }
                limits:
                  a.x: { concurrency: 1 }
                  a.b: { concurrency: 0, rate: often, strategy: wait, more: 1 }
                jobFields:
                  a.b: order.id
                  a.y: [ "" ]
                """
            )
        }
        let lines = error?.mistakes.map { "\($0.line): \($0.message)" } ?? []
        #expect(lines.contains { $0.hasPrefix("5: ") && $0.contains("limits.a.x") }, "\(lines)")
        #expect(lines.filter { $0.hasPrefix("6: ") }.count == 4, "\(lines)")
        #expect(lines.contains { $0.hasPrefix("8: ") && $0.contains("order.id") }, "\(lines)")
        #expect(lines.filter { $0.hasPrefix("9: ") }.count == 2, "\(lines)")
        for text in ["100", "0/1m", "5/0s", "5/2d", "x/1m", "5/1m/2"] {
            #expect(throws: TopologyMistakes.self) {
                _ = try TopologyFile.decode(
                    """
                    version: 1
                    queues: { a.b: { worker: w, bind: [ { exchange: direct, key: a.b } ] } }
                    limits: { a.b: { rate: \(text) } }
                    """
                )
            }
        }
    }
}
