import FlotillaModels
import FlotillaYAMLFiles

/// Turns `limits` and `jobFields` of a `queues.yaml` into values, and collects every mistake on the way.
struct JobRuleDecoder {
    /// The types of jobs that reach a queue.
    let types: Set<String>

    let collector: MistakeCollector

    static let keys = ["limits", "jobFields"]

    /// The fields of payloads by which jobs of each type are found.
    func fields(in file: MappingReader) -> [String: [String]] {
        guard let section = file.mapping("jobFields", known: nil, noun: "job type") else { return [:] }
        var fields: [String: [String]] = [:]
        for type in section.keys {
            if !types.contains(type) {
                section.addMistake(type, "no queue is bound to the direct exchange with this key")
            }
            guard let node = section.node(type) else { continue }
            guard case .sequence(let items) = node.content, (1...10).contains(items.count) else {
                section.addMistake(type, "expected a list of 1 to 10 paths in the payload, such as order.id")
                continue
            }
            for item in items {
                guard case .scalar(let path, _) = item.content, !item.isNull, (1...255).contains(path.utf8.count) else {
                    collector.add(item.line, "jobFields.\(type): expected a path in the payload, such as order.id")
                    continue
                }
                fields[type, default: []].append(path)
            }
        }
        return fields
    }

    func limits(in file: MappingReader) -> [String: JobLimits] {
        guard let section = file.mapping("limits", known: nil, noun: "job type") else { return [:] }
        var limits: [String: JobLimits] = [:]
        for type in section.keys {
            guard let entry = section.mapping(type, known: ["concurrency", "rate", "strategy"]) else { continue }
            if !types.contains(type) {
                section.addMistake(type, "no queue is bound to the direct exchange with this key")
            }
            var limit = JobLimits()
            limit.concurrency = entry.integer("concurrency", 1...100_000)
            if let text = entry.text("rate") {
                limit.rate = Self.rate(text)
                if limit.rate == nil {
                    entry.addMistake("rate", "expected a number of starts and a window such as 100/1m, found '\(text)'")
                }
            }
            if limit.concurrency == nil, limit.rate == nil, !entry.has("concurrency"), !entry.has("rate") {
                section.addMistake(type, "has neither 'concurrency' nor 'rate'")
            }
            limit.strategy = entry.choice("strategy") ?? .queue
            if limit.strategy != .queue, !entry.has("concurrency") {
                entry.addMistake("strategy", "has a meaning with 'concurrency' only")
            }
            limits[type] = limit
        }
        return limits
    }

    /// `100/1m`: at most a hundred thousand, in a second to a day.
    private static func rate(_ text: String) -> JobLimits.Rate? {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, let count = Int(parts[0]), (1...100_000).contains(count),
            let window = Duration(text: parts[1]), window >= .seconds(1), window <= .seconds(86_400)
        else { return nil }
        return JobLimits.Rate(count: count, window: window)
    }
}
