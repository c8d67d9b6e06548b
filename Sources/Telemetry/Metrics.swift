import Synchronization

/// The metrics of one process, rendered in the text format that Prometheus reads (version 0.0.4).
///
/// A handle is looked up once and kept: counting is then one atomic addition, or one short lock for a histogram.
public final class Metrics: Sendable {
    private let families = Mutex<[String: Family]>([:])

    public init() {}

    /// A value that only grows. By convention its name ends in `_total`.
    public func counter(_ name: String, _ help: String, _ labels: KeyValuePairs<String, String> = [:]) -> Counter {
        series(name, help, "counter", labels) { Counter() }
    }

    /// A value that goes up and down.
    public func gauge(_ name: String, _ help: String, _ labels: KeyValuePairs<String, String> = [:]) -> Gauge {
        series(name, help, "gauge", labels) { Gauge() }
    }

    /// Observations counted in buckets, in seconds unless the name says otherwise.
    public func histogram(
        _ name: String,
        _ help: String,
        _ labels: KeyValuePairs<String, String> = [:],
        buckets: [Double] = Histogram.seconds
    ) -> Histogram {
        series(name, help, "histogram", labels) { Histogram(buckets: buckets) }
    }

    public func counter(_ metric: MetricDescription, _ labels: KeyValuePairs<String, String> = [:]) -> Counter {
        counter(metric.name, metric.help, labels)
    }

    public func gauge(_ metric: MetricDescription, _ labels: KeyValuePairs<String, String> = [:]) -> Gauge {
        gauge(metric.name, metric.help, labels)
    }

    public func histogram(
        _ metric: MetricDescription,
        _ labels: KeyValuePairs<String, String> = [:],
        buckets: [Double] = Histogram.seconds
    ) -> Histogram {
        histogram(metric.name, metric.help, labels, buckets: buckets)
    }

    /// Everything, families by name and series by labels.
    public func render() -> String {
        let families = families.withLock { $0 }
        var text = ""
        for (name, family) in families.sorted(by: { $0.key < $1.key }) {
            text += "# HELP \(name) \(family.help)\n# TYPE \(name) \(family.kind)\n"
            for (labels, series) in family.series.sorted(by: { $0.key < $1.key }) {
                series.render(name: name, labels: labels, into: &text)
            }
        }
        return text
    }

    private func series<Series: MetricSeries>(
        _ name: String,
        _ help: String,
        _ kind: String,
        _ labels: KeyValuePairs<String, String>,
        _ make: () -> Series
    ) -> Series {
        let key = labels.map { "\($0.key)=\"\(Self.escaped($0.value))\"" }.joined(separator: ",")
        return families.withLock { families in
            var family = families[name] ?? Family(help: help, kind: kind)
            precondition(family.kind == kind, "metric \(name) is a \(family.kind), not a \(kind)")
            if let existing = family.series[key] as? Series { return existing }
            let series = make()
            family.series[key] = series
            families[name] = family
            return series
        }
    }

    private static func escaped(_ value: String) -> String {
        var text = ""
        for character in value {
            switch character {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n": text += "\\n"
            default: text.append(character)
            }
        }
        return text
    }

    private struct Family {
        let help: String
        let kind: String
        var series: [String: any MetricSeries] = [:]
    }
}

protocol MetricSeries: AnyObject, Sendable {
    func render(name: String, labels: String, into text: inout String)
}

public final class Counter: MetricSeries {
    private let count = Atomic<Int>(0)

    init() {}

    public var value: Int { count.load(ordering: .relaxed) }

    public func increment(by amount: Int = 1) { count.add(amount, ordering: .relaxed) }

    func render(name: String, labels: String, into text: inout String) {
        text += "\(name)\(labels.isEmpty ? "" : "{\(labels)}") \(value)\n"
    }
}

public final class Gauge: MetricSeries {
    private let current = Atomic<UInt64>(0)

    init() {}

    public var value: Double { Double(bitPattern: current.load(ordering: .relaxed)) }

    public func set(_ value: Double) { current.store(value.bitPattern, ordering: .relaxed) }

    public func add(_ amount: Double) {
        var old = current.load(ordering: .relaxed)
        while true {
            let new = (Double(bitPattern: old) + amount).bitPattern
            let (exchanged, seen) = current.compareExchange(expected: old, desired: new, ordering: .relaxed)
            if exchanged { return }
            old = seen
        }
    }

    func render(name: String, labels: String, into text: inout String) {
        text += "\(name)\(labels.isEmpty ? "" : "{\(labels)}") \(value)\n"
    }
}

public final class Histogram: MetricSeries {
    /// From half a millisecond to five minutes.
    public static let seconds: [Double] = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
    ]

    private struct State {
        var counts: [Int]
        var sum = 0.0
    }

    private let buckets: [Double]
    private let state: Mutex<State>

    init(buckets: [Double]) {
        self.buckets = buckets
        state = Mutex(State(counts: Array(repeating: 0, count: buckets.count + 1)))
    }

    /// Counts the same observation `times` times.
    public func observe(_ value: Double, times: Int = 1) {
        let index = buckets.firstIndex { value <= $0 } ?? buckets.count
        state.withLock { state in
            state.counts[index] += times
            state.sum += value * Double(times)
        }
    }

    public var count: Int { state.withLock { $0.counts.reduce(0, +) } }

    func render(name: String, labels: String, into text: inout String) {
        let (counts, sum) = state.withLock { ($0.counts, $0.sum) }
        let prefix = labels.isEmpty ? "" : labels + ","
        let suffix = labels.isEmpty ? "" : "{\(labels)}"
        var total = 0
        for (bound, count) in zip(buckets.map { String($0) } + ["+Inf"], counts) {
            total += count
            text += "\(name)_bucket{\(prefix)le=\"\(bound)\"} \(total)\n"
        }
        text += "\(name)_sum\(suffix) \(sum)\n\(name)_count\(suffix) \(total)\n"
    }
}
