import Synchronization

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
