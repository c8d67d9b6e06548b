package import FlotillaMessaging
import FlotillaPlatform
import FoundationEssentials
import Glibc

/// Reads what a virtual host holds, by the broker's management API.
///
/// Requests run on a thread of their own, one after the other; ``close()`` ends it.
package actor ManagementAPI {
    private let base: String
    private let credentials: Credentials?
    private let virtualHost: String
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
        return state
    }

    package func close() { executor.stop() }

    private func get<Answer: Decodable>(_ resource: String, of operation: String) throws(ManagementError) -> Answer {
        let request = HTTPRead(
            url: "\(base)/api/\(resource)/\(virtualHost)",
            user: credentials?.user,
            password: credentials?.password
        )
        let answer: HTTPRead.Answer
        do {
            answer = try request.perform()
        } catch {
            throw ManagementError(code: .unreachable(curl: error.code), operation: operation, detail: error.detail)
        }
        guard answer.status == 200 else {
            throw ManagementError(code: .status(answer.status), operation: operation, detail: answer.reason)
        }
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

    private static func percentEncoded(_ text: String) -> String {
        text.utf8.map { byte in
            let character = Character(UnicodeScalar(byte))
            if byte < 0x80, character.isLetter || character.isNumber || "-_.~".contains(character) {
                return String(character)
            }
            return "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }.joined()
    }
}

extension HTTPRead.Answer {
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
