package import FlotillaOutbound
import Workers

/// Tickets' files in a store with the interface of S3. Such a store keeps an object whole or not at all.
package struct TicketBucket: TicketFileStore {
    /// With the bucket, and without a slash at its end: `https://s3.eu-west-3.amazonaws.com/my-bucket`.
    package let url: String
    package let writesPerCore = 4
    private let credentials: HTTPRequest.AWSCredentials
    private let http: HTTPClient

    /// - Parameter http: who makes its engine closes it.
    package init(url: String, credentials: HTTPRequest.AWSCredentials, _ http: HTTPClient) {
        self.url = url
        self.credentials = credentials
        self.http = http
    }

    package func put(_ bytes: [UInt8], at path: String) async throws {
        let answer = try await send("PUT", path, bytes)
        guard answer.isSuccess else { throw outage("PUT", answer) }
    }

    /// What the store has answered for, it has.
    package func sync(_ paths: [String]) async throws {}

    package func get(_ path: String) async throws -> [UInt8]? {
        let answer = try await send("GET", path)
        if answer.status == 404 { return nil }
        guard answer.isSuccess else { throw outage("GET", answer) }
        return answer.body
    }

    package func remove(_ path: String) async throws {
        let answer = try await send("DELETE", path)
        guard answer.isSuccess || answer.status == 404 else { throw outage("DELETE", answer) }
    }

    /// Stores a small object, since the right to do so is what is needed.
    package func isReachable() async -> Bool { await problem() == nil }

    /// Why it takes no files; `nil` when it does.
    package func problem() async -> String? {
        do {
            try await put(Array("flotilla".utf8), at: "flotilla-probe.txt")
            return nil
        } catch { return "\(error)" }
    }

    private func send(_ method: String, _ path: String, _ body: [UInt8]? = nil) async throws -> HTTPClientResponse {
        let type = path.hasSuffix(".pdf") ? "application/pdf" : "text/plain"
        let request = HTTPRequest(
            method,
            "\(url)/\(path)",
            headers: body == nil ? [] : [.init("Content-Type", type)],
            body: body,
            authorization: .aws(credentials),
            answerLimit: 16 << 20
        )
        do throws(OutboundError) {
            return try await http.send(request)
        } catch {
            if error.code == .cancelled { throw CancellationError() }
            throw DependencyOutage(.ticketFiles, reason: "\(error)")
        }
    }

    /// Whatever it says, a wrong bucket or a wrong key included, is for an operator to put right, while tickets wait.
    private func outage(_ method: String, _ answer: HTTPClientResponse) -> DependencyOutage {
        let text = String(decoding: answer.body.prefix(300), as: UTF8.self)
        return DependencyOutage(.ticketFiles, reason: "\(method) to the file store: status \(answer.status) \(text)")
    }
}
