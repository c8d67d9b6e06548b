package import FlotillaMessaging
import FlotillaPlatform
import FoundationEssentials
import Glibc

/// Reads what a virtual host holds, and makes one that is missing, by the broker's management API.
///
/// Requests run on a thread of their own, one after the other; ``close()`` ends it.
package actor ManagementAPI {
    private let base: String
    private let credentials: Credentials?
    let virtualHost: String
    private let user: String?
    private let executor = ThreadExecutor(name: "management")

    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    /// For addresses that carry no user of their own.
    package struct Credentials: Sendable {
        var user: String
        var password: String

        package init(user: String, password: String) {
            self.user = user
            self.password = password
        }
    }

    /// - Parameters:
    ///   - url: `http[s]://[user:password@]host[:port][/prefix]`.
    ///   - allowsPlaintext: whether a host other than this machine may be asked without TLS.
    package init(
        url: String,
        virtualHost: String,
        credentials: Credentials? = nil,
        allowsPlaintext: Bool = false
    ) throws(ManagementError) {
        func malformed(_ detail: String) -> ManagementError {
            ManagementError(code: .configuration, operation: "read its URL", detail: detail)
        }
        guard let address = URLComponents(string: url), let host = address.host, !host.isEmpty else {
            throw malformed("it is not http[s]://[user:password@]host[:port]")
        }
        switch address.scheme {
        case "https": break
        case "http":
            let isLoopback = ["localhost", "::1", "[::1]"].contains(host) || host.hasPrefix("127.")
            guard isLoopback || allowsPlaintext else {
                throw malformed("plaintext to \(host) is refused: use https://, or allow the host by name")
            }
        default: throw malformed("its scheme is neither http nor https")
        }
        self.credentials = address.user == nil ? credentials : nil
        self.virtualHost = Self.percentEncoded(virtualHost)
        user = (credentials?.user ?? address.user).map(Self.percentEncoded)
        base = url.hasSuffix("/") ? String(url.dropLast()) : url
    }

    /// The virtual host's exchanges, queues, bindings and policies.
    package func state() throws(ManagementError) -> BrokerState {
        let definitions: Definitions = try get("definitions", of: "read the definitions")
        var state = definitions.state
        do {
            let policies: [Definitions.Policy] = try get("operator-policies", of: "read the operator policies")
            state.policies += policies.map { $0.policy(isOperator: true) }
        } catch {
            guard case .status = error.code else { throw error }
            state.notes.append("operator policies could not be seen: \(error.detail)")
        }
        do {
            state.access = try access()
        } catch {
            guard case .status = error.code else { throw error }
            state.accessProblem = error.detail
        }
        return state
    }

    package func undelivered() throws(ManagementError) -> [String: Int] {
        Dictionary(try totals().map { ($0.name, $0.undelivered) }) { first, _ in first }
    }

    /// Without the queues that are down.
    package func unacknowledged() throws(ManagementError) -> [String: Int] {
        let counts = try totals().compactMap { queue in queue.unacknowledged.map { (queue.name, $0) } }
        return Dictionary(counts) { first, _ in first }
    }

    private func totals() throws(ManagementError) -> [QueueTotals] {
        // The totals come without the statistics, which may be switched off and cost more.
        try get("queues", query: "?disable_stats=true&enable_queue_totals=true", of: "read the queues")
    }

    /// The resources whose alarm stops publishers, on any node: `disk`, `memory`.
    package func alarms() throws(ManagementError) -> [String] {
        struct Check: Decodable {
            struct Alarm: Decodable { var resource: String }
            var alarms: [Alarm]?
        }
        let operation = "read the alarms"
        let answer = try perform("health/checks/alarms", of: operation)
        if answer.status == 200 { return [] }
        guard answer.status == 503, let check = try? JSONDecoder().decode(Check.self, from: Data(answer.body)) else {
            throw Self.refused(answer, operation)
        }
        return Set((check.alarms ?? []).map(\.resource)).sorted()
    }

    package func close() { executor.stop() }

    /// Makes the virtual host, and lets the user of the credentials do everything in it.
    ///
    /// - Returns: `false` when it is there already; nothing is changed then.
    package func makeVirtualHost() throws(ManagementError) -> Bool {
        let operation = "make the virtual host"
        let found = try perform("vhosts/\(virtualHost)", of: operation)
        guard found.status == 404 else {
            guard found.status == 200 else { throw Self.refused(found, operation) }
            return false
        }
        var changes = [("vhosts/\(virtualHost)", "{}")]
        if let user {
            let everything = #"{"configure":".*","write":".*","read":".*"}"#
            changes.append(("permissions/\(virtualHost)/\(user)", everything))
        }
        for (resource, json) in changes {
            let answer = try perform(resource, .put(json), of: operation)
            guard (200..<300).contains(answer.status) else { throw Self.refused(answer, operation) }
        }
        return true
    }

    private func get<Answer: Decodable>(
        _ resource: String,
        query: String = "",
        of operation: String
    ) throws(ManagementError) -> Answer {
        try get(path: "\(resource)/\(virtualHost)\(query)", of: operation)
    }

    func get<Answer: Decodable>(path: String, of operation: String) throws(ManagementError) -> Answer {
        let answer = try perform(path, of: operation)
        guard answer.status == 200 else { throw Self.refused(answer, operation) }
        do {
            return try JSONDecoder().decode(Answer.self, from: Data(answer.body))
        } catch {
            throw ManagementError(
                code: .unexpectedAnswer,
                operation: operation,
                detail: "the answer is not as documented"
            )
        }
    }

    func put(_ path: String, _ body: some Encodable, of operation: String) throws(ManagementError) {
        let json: String
        do {
            json = String(decoding: try JSONEncoder().encode(body), as: UTF8.self)
        } catch {
            throw ManagementError(code: .configuration, operation: operation, detail: "\(error)")
        }
        let answer = try perform(path, .put(json), of: operation)
        guard (200..<300).contains(answer.status) else { throw Self.refused(answer, operation) }
    }

    func delete(_ path: String, of operation: String) throws(ManagementError) {
        let answer = try perform(path, .delete, of: operation)
        guard (200..<300).contains(answer.status) else { throw Self.refused(answer, operation) }
    }

    private func perform(
        _ path: String,
        _ action: HTTPCall.Action = .get,
        of operation: String
    ) throws(ManagementError) -> HTTPCall.Answer {
        let call = HTTPCall(
            url: "\(base)/api/\(path)",
            user: credentials?.user,
            password: credentials?.password,
            action: action
        )
        do {
            return try call.perform()
        } catch {
            throw ManagementError(code: .unreachable(curl: error.code), operation: operation, detail: error.detail)
        }
    }

    private static func refused(_ answer: HTTPCall.Answer, _ operation: String) -> ManagementError {
        ManagementError(code: .status(answer.status), operation: operation, detail: answer.reason)
    }

    /// As a part of a URL's path, or of its credentials.
    package static func percentEncoded(_ text: String) -> String {
        text.utf8.map { byte in
            let character = Character(UnicodeScalar(byte))
            if byte < 0x80, character.isLetter || character.isNumber || "-_.~".contains(character) {
                return String(character)
            }
            return "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }.joined()
    }
}

extension HTTPCall.Answer {
    /// The status in words that help.
    fileprivate var reason: String {
        switch status {
        case 401: "401: the user or the password is wrong, or the user has no management tag"
        case 403: "403: the user may not; it needs the tag administrator (or policymaker)"
        case 404: "404: there is no such virtual host, or this is not the management API"
        default: "status \(status)" + (words.map { ": \($0)" } ?? "")
        }
    }

    /// The broker's own reason, where it sends one.
    private var words: String? {
        struct Refusal: Decodable { var reason: String }
        return (try? JSONDecoder().decode(Refusal.self, from: Data(body)))?.reason
    }
}

extension ManagementAPI: BrokerInspection {}
