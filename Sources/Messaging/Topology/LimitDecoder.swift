import FlotillaModels
import FlotillaYAMLFiles

/// Turns `limits` of a `queues.yaml` into values, and collects every mistake on the way.
struct LimitDecoder {
    /// The types of jobs that reach a queue.
    let types: Set<String>

    static let key = "limits"

    func limits(in file: MappingReader) -> [String: JobLimits] {
        guard let section = file.mapping(Self.key, known: nil, noun: "job type") else { return [:] }
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
