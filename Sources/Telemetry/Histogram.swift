import Synchronization

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
