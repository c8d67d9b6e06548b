import Synchronization

protocol MetricSeries: AnyObject, Sendable {
    func render(name: String, labels: String, into text: inout String)
}
