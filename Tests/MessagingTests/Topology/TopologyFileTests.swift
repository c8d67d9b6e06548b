import FlotillaTestSupport
import FlotillaMessaging
import FlotillaModels
import Foundation
import Testing

struct TopologyFileTests {
    static let file = Repository.file("queues.yaml")

    @Test func `the fleet's own file is right, and gives every worker its queues`() throws {
        let topology = try TopologyFile.load(from: Self.file.path)
        #expect(
            Set(topology.workers) == [
                "audit", "quota", "identity", "indexing", "tickets", "notifications", "scans", "webhooks",
            ]
        )
        #expect(topology.exchanges.map(\.name) == ["fleet.topic", "fleet.direct", "fleet.fanout", "fleet.commands"])
        #expect(topology.delay == DelayLadder(namespace: "fleet", unit: .milliseconds(100), levels: 24))
        let audit = try #require(topology.queue(named: "audit.all"))
        #expect(audit.batch == QueueDefinition.Batch(size: 500, wait: .milliseconds(20)))
        #expect(audit.prefetch == 2_000)
        #expect(
            audit.bindings == [
                QueueBinding(exchange: "fleet.topic", key: "#"),
                QueueBinding(exchange: "fleet.direct", key: "audit.write"),
            ]
        )
    }

    @Test func `every queue of the fleet's own file is bound for the event in its name`() throws {
        for queue in try TopologyFile.load(from: Self.file.path).queues
        where !["audit", "identity"].contains(queue.worker) {
            #expect(queue.bindings.allSatisfy { $0.key == queue.event || $0.key == queue.name }, "\(queue.name)")
            #expect(!queue.bindings.isEmpty)
        }
    }

    @Test func `what a queue leaves out comes from the defaults, piece by piece`() throws {
        let topology = try TopologyFile.decode(
            """
            version: 1
            defaults: { prefetch: 7, timeout: 5m, retry: { attempts: 9, base: 2s }, maxBody: 64KiB }
            queues:
              a.b: { worker: w, bind: [] }
              a.c: { worker: w, bind: [ { exchange: fanout } ], retry: { cap: 1h }, track: all, type: classic }
            """
        )
        let first = try #require(topology.queue(named: "a.b"))
        #expect(first.prefetch == 7)
        #expect(first.timeout == .seconds(300))
        #expect(first.maxBody == 65_536)
        #expect(first.retry == RetryPolicy(attempts: 9, base: .seconds(2)))
        #expect(first.kind == .quorum)
        let second = try #require(topology.queue(named: "a.c"))
        #expect(second.retry == RetryPolicy(attempts: 9, base: .seconds(2), cap: .seconds(3_600)))
        #expect(second.bindings == [QueueBinding(exchange: "fleet.fanout", key: "")])
        #expect(second.track == .all)
        #expect(second.kind == .classic)
    }

    @Test func `five mistakes are all told, each with its line, in the order of lines`() {
        let text = """
            version: 2
            queues:
              audit.all:
                worker: audit
                prefetsh: 10
                bind: [ { exchange: topik, key: a } ]
              nodots:
                worker: 5
                bind: []
                timeout: 30m
            """
        #expect(
            mistakes(in: text) == [
                "queues.yaml:1: version: 2 is not supported; this program reads version 1",
                "queues.yaml:5: queues.audit.all.prefetsh: unknown key; did you mean 'prefetch'?",
                "queues.yaml:6: queues.audit.all.bind.0.exchange: there is no exchange 'topik'; did you mean 'topic'?",
                "queues.yaml:7: queue name 'nodots' is not <service>.<event>",
                "queues.yaml:8: queues.nodots.worker: expected text, found '5'; quote it",
                "queues.yaml:10: queues.nodots.timeout: 30m is too long: shorter than the broker's consumer_timeout of 30m",
            ]
        )
    }

    @Test(
        arguments: [
            ("worker: w", "'bind' is missing"),
            ("bind: []", "'worker' is missing"),
            ("worker: ' ', bind: []", "the name of a worker is empty"),
            ("worker: w, bind: [], prefetch: 0", "0 is out of range, 1 to 65535"),
            ("worker: w, bind: [], prefetch: 65536", "65536 is out of range"),
            ("worker: w, bind: [], prefetch: 010", "expected a whole number, found '010'"),
            ("worker: w, bind: [], prefetch: '10'", "expected a whole number, found the text \"10\""),
            ("worker: w, bind: [], concurrency: 0", "0 is out of range"),
            ("worker: w, bind: [], concurrency: many", "expected a whole number, found 'many'"),
            ("worker: w, bind: [], timeout: 30", "expected a duration"),
            ("worker: w, bind: [], timeout: 1.5s", "expected a duration"),
            ("worker: w, bind: [], timeout: 0s", "0s is out of range"),
            ("worker: w, bind: [], timeout: 99999999999999999999s", "expected a duration"),
            ("worker: w, bind: [], crashLimit: -1", "-1 is out of range"),
            ("worker: w, bind: [], type: quorom", "did you mean 'quorum'?"),
            ("worker: w, bind: [], track: everything", "is not one of failures, all"),
            ("worker: w, bind: [], maxBody: 8MB", "expected a size"),
            ("worker: w, bind: [], maxBody: 9999999999999999999GiB", "expected a size"),
            ("worker: w, bind: [], retry: 3", "expected a mapping, found '3'"),
            ("worker: w, bind: [], retry: { jitter: 1.5 }", "1.5 is out of range, 0.0 to 1.0"),
            ("worker: w, bind: [], retry: { jitter: nan }", "expected a number, found 'nan'"),
            ("worker: w, bind: [], retry: { cap: 100ms }", "the cap of 100ms is shorter than the base of 1s"),
            ("worker: w, bind: [], batch: { size: 500 }", "a prefetch of 100 never fills a batch of 500"),
            ("worker: w, bind: [], batch: { wait: 5ms }", "'size' is missing"),
            ("worker: w, bind: topic", "expected a list"),
            ("worker: w, bind: [ { exchange: topic } ]", "'key' is missing"),
            ("worker: w, bind: [ { key: a } ]", "'exchange' is missing"),
            ("worker: w, bind: [ { exchange: topic, key: ~ } ]", "expected text, found nothing"),
            ("worker: w, bind: [ { exchange: direct, key: 'a.#' } ]", "a direct exchange knows no wildcards"),
            ("worker: w, bind: [ { exchange: fanout, key: a } ]", "a fanout exchange takes no key"),
            (
                "worker: w, bind: [ { exchange: topic, key: a }, { exchange: topic, key: a } ]",
                "the same binding twice"
            ),
            ("worker: w, worker: v, bind: []", "duplicate key, first on line 3"),
            ("worker: &w audit, bind: []", "anchors are not supported"),
            ("worker: *w, bind: []", "aliases are not supported"),
            ("worker: !!str w, bind: []", "tags are not supported"),
            ("<<: { worker: w }, bind: []", "merge key '<<' is not supported"),
            ("worker: [ w, bind: []", "not valid YAML"),
        ]
    )
    func `a queue's mistake is told on its line`(_ queue: String, _ message: String) throws {
        let reported = mistakes(in: "version: 1\nqueues:\n  a.b: { \(queue) }\n")
        #expect(reported.count == 1, "\(reported)")
        let first = try #require(reported.first)
        #expect(first.hasPrefix("queues.yaml:3: "), "\(first)")
        #expect(first.contains(message), "\(first)")
    }

    @Test(
        arguments: [
            ("a", "is not <service>.<event>"), ("a.", "is not <service>.<event>"), ("a..b", "is not <service>.<event>"),
            ("dlq.a.b", "begins with 'dlq.', which is reserved"), ("amq.a", "'amq.', which is reserved"),
            ("fleet.delay.01", "'fleet.', which is reserved"), ("'a.*'", "not '*'"), ("'a.b c'", "not ' '"),
            ("a.é", "not 'é'"), ("'a.\u{7}'", "not valid YAML"), ("\"a.\\a\"", "not 'U+7'"),
            ("a." + String(repeating: "x", count: 199), "queue name of 201 bytes is too long: at most 200"),
        ]
    )
    func `a queue's name is checked`(_ name: String, _ message: String) throws {
        let reported = mistakes(in: "version: 1\nqueues:\n\n  \(name): { worker: w, bind: [] }\n")
        #expect(reported.count == 1, "\(reported)")
        #expect(reported.first?.contains(message) == true, "\(reported)")
        #expect(reported.first?.hasPrefix("queues.yaml:4: ") == true, "\(reported)")
    }

    @Test func `a name of 200 bytes is allowed, and less when there are more delay levels`() {
        let name = "a." + String(repeating: "x", count: 198)
        #expect(mistakes(in: "version: 1\nqueues: { \(name): { worker: w, bind: [] } }").isEmpty)
        #expect(
            mistakes(in: "version: 1\ndelay: { unit: 1ms, levels: 30 }\nqueues: { \(name): { worker: w, bind: [] } }")
                == [
                    "queues.yaml:3: queue name of 200 bytes is too long: at most 195 with 30 delay levels"
                ]
        )
    }

    @Test(
        arguments: [
            ("delay: { levels: 0 }", "0 is out of range, 1 to 30"), ("delay: { levels: 31 }", "31 is out of range"),
            ("delay: { unit: 1h, levels: 20 }", "longer than the broker allows"),
            ("delay: { unit: 0ms }", "0ms is out of range"), ("namespace: ''", "expected 1 to 40"),
            ("namespace: dlq", "'dlq' is reserved"),
            ("exchanges: { topic: { type: direct } }", "has to be of type topic"),
            ("exchanges: []", "exchanges: expected a mapping, found a list"),
            ("qeues: {}", "unknown key; did you mean 'queues'?"),
            (
                "exchanges: { topic: {}, direct: { name: fleet.topic }, fanout: {} }",
                "'fleet.topic' is already the exchange"
            ),
            ("exchanges: { topic: {}, direct: {}, fanout: {}, mine: {} }", "exchanges.mine: 'type' is missing"),
            ("defaults: { worker: w }", "defaults.worker: unknown key"),
            ("defaults: { type: stream }", "'stream' is not one of quorum, classic"),
        ]
    )
    func `a mistake of the file's head is told`(_ line: String, _ message: String) {
        let reported = mistakes(in: "version: 1\n\(line)\nqueues: { a.b: { worker: w, bind: [] } }\n")
        #expect(reported.contains { $0.hasPrefix("queues.yaml:2: ") && $0.contains(message) }, "\(reported)")
    }

    @Test func `a duplicate queue names both lines`() {
        let text = "version: 1\nqueues:\n  a.b: { worker: w, bind: [] }\n  a.b: { worker: v, bind: [] }\n"
        #expect(mistakes(in: text) == ["queues.yaml:4: queues.a.b: duplicate queue, first on line 3"])
    }

    @Test func `a tab in the indentation is called by its name`() {
        let reported = mistakes(in: "version: 1\nqueues:\n\ta.b: { worker: w }\n")
        #expect(reported.count == 1)
        #expect(reported.first?.hasPrefix("queues.yaml:3: not valid YAML") == true, "\(reported)")
        #expect(reported.first?.hasSuffix("indent with spaces, not with tabs") == true, "\(reported)")
    }

    @Test func `what is no file of settings is refused with one mistake`() {
        #expect(mistakes(in: "") == ["queues.yaml:1: the file is empty"])
        #expect(mistakes(in: "# nothing\n") == ["queues.yaml:1: the file is empty"])
        #expect(mistakes(in: "just text") == ["queues.yaml:1: the file: expected a mapping, found 'just text'"])
        #expect(
            mistakes(in: "version: 1\n---\nversion: 1") == ["queues.yaml:2: a second document begins: one is allowed"]
        )
        let deep = "version: " + String(repeating: "[", count: 100_000)
        #expect(mistakes(in: deep) == ["queues.yaml:1: nested more than 32 levels deep"])
        let huge = "version: 1\n" + String(repeating: "#", count: 1 << 20)
        #expect(mistakes(in: huge) == ["queues.yaml:1: the file of 1048587 bytes is too large: at most 1048576"])
        let wide = "version: [" + String(repeating: "1,", count: 100_001) + "1]"
        #expect(mistakes(in: wide) == ["queues.yaml:1: more than 100000 values"])
    }

    @Test func `a file that is not there is a mistake that names its path`() {
        let error = #expect(throws: TopologyMistakes.self) { try TopologyFile.load(from: "/nowhere/queues.yaml") }
        #expect(error?.description == "/nowhere/queues.yaml:1: cannot be read: No such file or directory")
    }

    private func mistakes(in text: String) -> [String] {
        do {
            _ = try TopologyFile.decode(text)
            return []
        } catch {
            return error.description.split(separator: "\n").map(String.init)
        }
    }
}
