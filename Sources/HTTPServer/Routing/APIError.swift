/// Why a request is not answered with success, as its client may know it.
package struct APIError: Error, Sendable, Hashable, CustomStringConvertible {
    /// One mistake in a request; the field is a dotted path, a parameter's or a header's name.
    package struct Detail: Sendable, Hashable {
        package var field: String
        package var message: String

        package init(field: String, message: String) {
            self.field = field
            self.message = message
        }
    }

    package var status: Int
    /// A stable word for programs: `validation_failed`.
    package var code: String
    /// For people: what is wrong and what to do.
    package var message: String
    package var details: [Detail]
    /// When to try again, in seconds.
    package var retryAfter: Int?
    /// Further header fields of the answer.
    package var headers: [String: String]

    package init(
        status: Int,
        code: String,
        message: String,
        details: [Detail] = [],
        retryAfter: Int? = nil,
        headers: [String: String] = [:]
    ) {
        self.status = status
        self.code = code
        self.message = message
        self.details = details
        self.retryAfter = retryAfter
        self.headers = headers
    }

    package var description: String { "\(status) \(code): \(message)" }
    package var isRetriable: Bool { retryAfter != nil }
}

extension APIError {
    package static func bodyTooLarge(limit: Int) -> Self {
        Self(status: 413, code: "body_too_large", message: "The body is longer than \(limit) bytes.")
    }

    package static let ambiguousLength = Self(
        status: 400,
        code: "invalid_request",
        message: "The length of the body is given wrongly, or twice."
    )

    package static let timedOut = Self(
        status: 503,
        code: "timed_out",
        message: "The request took too long.",
        retryAfter: 5
    )

    package static let stopping = Self(
        status: 503,
        code: "stopping",
        message: "This server is shutting down.",
        retryAfter: 1
    )

    package static let internalError = Self(
        status: 500,
        code: "internal_error",
        message: "Something went wrong here. The log has the reason under the correlation id."
    )

    package static func notFound(_ what: String) -> Self {
        Self(status: 404, code: "not_found", message: "There is no \(what).")
    }

    package static func methodNotAllowed(_ allowed: [String]) -> Self {
        let list = allowed.joined(separator: ", ")
        return Self(
            status: 405,
            code: "method_not_allowed",
            message: "This path takes \(list).",
            headers: ["Allow": list]
        )
    }

    package static func invalid(_ details: [Detail]) -> Self {
        Self(status: 422, code: "validation_failed", message: "The request has mistakes.", details: details)
    }

    /// The database went away in the middle of a commit.
    package static let commitUnknown = Self(
        status: 503,
        code: "outcome_unknown",
        message: "The database was lost meanwhile. Whether this was accepted is not known: repeat it, with the same "
            + "Idempotency-Key or id if it had one.",
        retryAfter: 2
    )

    /// A service that the answer needs does not work.
    package static func unavailable(_ service: String, retryAfter: Int = 2) -> Self {
        Self(
            status: 503,
            code: "unavailable",
            message: "\(service) is not available at the moment; nothing was accepted.",
            retryAfter: retryAfter
        )
    }
}
