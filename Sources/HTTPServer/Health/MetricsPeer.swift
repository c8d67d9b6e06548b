package import FlotillaPlatform

/// Another process of the fleet whose metrics are shown beside one's own.
package struct MetricsPeer: Sendable, Hashable {
    /// The value of the label `process` of its metrics.
    package let name: String
    let endpoint: Endpoint

    package init(name: String, endpoint: Endpoint) { (self.name, self.endpoint) = (name, endpoint) }

    /// Its metrics as they are; nil where it does not answer within two seconds.
    package func metrics() async -> String? {
        let request = "GET /metrics HTTP/1.0\r\nHost: localhost\r\n\r\n"
        guard let answer = try? await endpoint.ask(Array(request.utf8), until: { _ in false }) else { return nil }
        let text = String(decoding: answer, as: UTF8.self)
        guard let end = text.firstRange(of: "\r\n\r\n"), text.prefix(12).hasSuffix(" 200") else { return nil }
        return String(text[end.upperBound...])
    }

    /// The dependencies whose breaker is open, by a process's metrics.
    package static func openBreakers(in metrics: String) -> [String] {
        let start = "flotilla_breaker_open{dependency=\""
        return metrics.split(separator: "\n").compactMap { line in
            guard line.hasPrefix(start), line.split(separator: " ").last.flatMap({ Double($0) }) == 1 else {
                return nil
            }
            return line.dropFirst(start.count).split(separator: "\"").first.map(String.init)
        }
    }

    /// Whether a dependency is an endpoint of somebody else, whose outage is no fault of this fleet.
    package static func isOfOthers(_ dependency: String) -> Bool { dependency.hasPrefix("webhook:") }

    /// What each of them answers now, in their order.
    package static func metrics(of peers: [MetricsPeer]) async -> [(name: String, text: String?)] {
        await withTaskGroup(of: (Int, String?).self) { group in
            for (index, peer) in peers.enumerated() { group.addTask { (index, await peer.metrics()) } }
            var texts: [Int: String?] = [:]
            for await (index, text) in group { texts[index] = text }
            return peers.indices.map { (peers[$0].name, texts[$0] ?? nil) }
        }
    }
}
