import FlotillaPlatform
import FoundationEssentials

extension RabbitMQService {
    /// The user of whoever publishes from outside. What it may do is said by `publishers` of queues.yaml, and set by
    /// `flotilla topology apply`; before that it may do nothing.
    static let publisher = "publisher"

    var publisherPasswordFile: String { home.control + "/rabbitmq.publisher.password" }

    /// Once the broker answers; the same password each time.
    func complete() async throws {
        guard let ports = RabbitMQPorts(text: PrivateFile.read(portsFile) ?? ""), let password,
            let secret = PrivateFile.read(publisherPasswordFile)
        else { return }
        let endpoint = Endpoint.tcp(host: "127.0.0.1", port: ports.management)
        let body = #"{"password":"\#(secret)","tags":""}"#
        let request = Self.request("users/\(Self.publisher)", password, put: body)
        let answer = try await endpoint.ask(request, timeout: .seconds(10)) { $0.count >= 12 }
        let status = String(decoding: answer.prefix(12).suffix(3), as: UTF8.self)
        guard status.hasPrefix("2") else {
            throw ServiceError(
                name,
                "RabbitMQ did not make the user \(Self.publisher): status \(status)",
                remedy: "see \(process.log)"
            )
        }
    }
}
