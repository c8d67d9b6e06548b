import Synchronization

/// The metrics of one process, rendered in the text format that Prometheus reads (version 0.0.4).
///
/// A handle is looked up once and kept: counting is then one atomic addition, or one short lock for a histogram.
public final class Metrics: Sendable {
    private let families = Mutex<[String: Family]>([:])

    public init() {
        // It belongs to the process, whatever else is measured here.
        let help = "Log lines that were dropped because nobody read them."
        let family = Family(help: help, kind: "counter", series: ["": LogWriter.standardError.dropped])
        families.withLock { $0["flotilla_log_lines_dropped_total"] = family }
    }

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
