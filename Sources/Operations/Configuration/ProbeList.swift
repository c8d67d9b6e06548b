import FlotillaCommandLineKit

/// Where processes of the fleet serve `/health` and `/metrics`: `worker=127.0.0.1:9100`, between commas.
package struct ProbeList: TextValue, Hashable {
    package struct Probe: Sendable, Hashable {
        package let name: String
        package let host: String
        package let port: Int

        package init(name: String, host: String, port: Int) { (self.name, self.host, self.port) = (name, host, port) }
    }

    package let probes: [Probe]

    package init(_ probes: [Probe]) { self.probes = probes }

    /// Without `NAME=`, the name is the address itself.
    package init?(text: String) {
        var probes: [Probe] = []
        for word in text.split(separator: ",") {
            let word = word.filter { $0 != " " }
            let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
            let address = parts.last ?? ""
            guard (1...2).contains(parts.count), let colon = address.lastIndex(of: ":"),
                let port = UInt16(address[address.index(after: colon)...]), port > 0
            else { return nil }
            let host = address[..<colon].filter { $0 != "[" && $0 != "]" }
            guard !host.isEmpty, !word.contains(where: { "@/".contains($0) }) else { return nil }
            probes.append(Probe(name: parts.count == 2 ? parts[0] : address, host: host, port: Int(port)))
        }
        guard Set(probes.map(\.name)).count == probes.count else { return nil }
        self.probes = probes
    }

    package static var expectation: String { "worker=host:port between commas, each name once" }
    package var text: String { probes.map { "\($0.name)=\($0.host):\($0.port)" }.joined(separator: ",") }
}
