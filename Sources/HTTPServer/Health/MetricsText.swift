package import FlotillaTelemetry

/// Metrics of several processes in one text: what Prometheus reads, where each metric is one group of lines.
package enum MetricsText {
    package static let peerIsUp = MetricDescription(
        "flotilla_process_up",
        .gauge,
        "1 while another process of the fleet, named by its label, shows its metrics here."
    )

    private struct Family {
        var head: [Substring] = []
        var samples: [String] = []
    }

    /// - Parameters:
    ///   - own: of this process; its lines stay as they are.
    ///   - peers: of others, by name; nil for one that does not answer. Their lines get the label `process`.
    package static func merged(_ own: String, _ peers: [(name: String, text: String?)]) -> String {
        guard !peers.isEmpty else { return own }
        var families: [Substring: Family] = [:]
        read(own, process: nil, into: &families)
        for (name, text) in peers { if let text { read(text, process: name, into: &families) } }
        var up = Family()
        up.head = ["# HELP \(peerIsUp.name) \(peerIsUp.help)", "# TYPE \(peerIsUp.name) gauge"]
        up.samples = peers.map { "\(peerIsUp.name){process=\"\($0.name)\"} \($0.text == nil ? 0 : 1)" }
        families[peerIsUp.name[...]] = up
        return families.sorted { $0.key < $1.key }
            .map { ($0.value.head.map(String.init) + $0.value.samples).joined(separator: "\n") + "\n" }.joined()
    }

    /// A sample belongs to the metric of the last head: those of a histogram have names of their own.
    private static func read(_ text: String, process: String?, into families: inout [Substring: Family]) {
        var name: Substring = ""
        var isKnown = false
        for line in text.split(separator: "\n") {
            if line.hasPrefix("# ") {
                let words = line.split(separator: " ", maxSplits: 3)
                guard words.count > 2 else { continue }
                if words[2] != name {
                    name = words[2]
                    isKnown = families[name] != nil
                }
                if !isKnown { families[name, default: Family()].head.append(line) }
            } else {
                families[name, default: Family()].samples.append(process.map { labelled(line, $0) } ?? String(line))
            }
        }
    }

    private static func labelled(_ sample: Substring, _ process: String) -> String {
        let label = "process=\"\(process)\""
        let end = sample.firstIndex { $0 == "{" || $0 == " " } ?? sample.endIndex
        guard end < sample.endIndex, sample[end] == "{" else { return "\(sample[..<end]){\(label)}\(sample[end...])" }
        return "\(sample[..<end]){\(label),\(sample[sample.index(after: end)...])"
    }
}
