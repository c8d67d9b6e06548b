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
    /// Who was refused, for the records; not part of the answer.
    package var caller: String?
    /// Whether the credential may be the reason though nobody can say so: an address that sends many such ones is held to the
    /// limit of failures. Not part of the answer.
    package var isAboutCredential = false

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
    /// The same, of a request by this caller.
    package func of(_ principal: Principal?) -> Self {
        var error = self
        error.caller = principal?.reference
        return error
    }

    package static func bodyTooLarge(limit: Int) -> Self {
        Self(status: 413, code: "body_too_large", message: "The body is longer than \(limit) bytes.")
    }

    package static let ambiguousLength = Self(
        status: 400,
        code: "invalid_request",
        message: "The length of the body is given wrongly, or twice."
    )

    /// The head of a request can't be read as HTTP/1.1.
    package static func unreadable(status: Int) -> Self {
        let message =
            switch status {
            case 400:
                "The request line or a header field can't be read, Host is missing, or Content-Length is no number."
            case 413: "The Content-Length is too large."
            case 414: "The address in the request line is too long."
            case 431: "The header fields are too long."
            case 505: "This server speaks HTTP/1.1."
            default: "The request can't be read as HTTP/1.1."
            }
        return Self(status: status, code: "invalid_request", message: message)
    }

    /// The chunks of a body, or what follows them, can't be read.
    package static func malformedChunks(status: Int) -> Self {
        switch status {
        case 413: Self(status: 413, code: "body_too_large", message: "A chunk of the body is too long.")
        case 431: Self(status: 431, code: "invalid_request", message: "The fields after the body are too long.")
        default: Self(status: 400, code: "invalid_request", message: "The chunks of the body can't be read.")
        }
    }

    /// Others may read the head of a request otherwise.
    package static let malformedHead = Self(
        status: 400,
        code: "invalid_request",
        message: "The request line or a header field is malformed: each is one line, without control "
            + "characters, that ends with CR LF; a field has a name."
    )

    package static let malformedHost = Self(
        status: 400,
        code: "invalid_request",
        message: "Host has to be there once, with a name or an address, and perhaps a port."
    )

    package static let unknownExpectation = Self(
        status: 417,
        code: "expectation_failed",
        message: "Of the expectations of Expect only 100-continue is known here."
    )

    package static let malformedField = Self(
        status: 400,
        code: "invalid_request",
        message: "The name of a header field has a character that it may not have."
    )

    package static let unknownTransferCoding = Self(
        status: 501,
        code: "transfer_coding_unknown",
        message: "Of the codings of Transfer-Encoding only chunked is known here."
    )

    package static let requestTimedOut = Self(
        status: 408,
        code: "request_timeout",
        message: "The request took too long to arrive."
    )

    /// The bodies of other requests fill the memory that there is for them.
    package static let busy = Self(
        status: 503,
        code: "busy",
        message: "Too much is being sent here at the moment; nothing was accepted.",
        retryAfter: 1
    )

    package static let tooManyStreams = Self(
        status: 503,
        code: "too_many_streams",
        message: "As many streams are open here as there may be at a time.",
        retryAfter: 5
    )

    package static let timedOut = Self(
        status: 503,
        code: "timed_out",
        message: "The request took too long.",
        retryAfter: 5
    )

    /// The database has stopped a statement that ran for longer than it may.
    package static let tookTooLong = Self(
        status: 503,
        code: "took_too_long",
        message:
            "The database did not finish this in the time that it may take. Ask for less: a shorter period, an exact "
            + "id or type, a smaller page.",
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

    /// - Parameter scopes: of which one would do.
    package static func forbidden(_ scopes: [Scope]) -> Self {
        let list = scopes.map(\.rawValue).joined(separator: " or ")
        return Self(status: 403, code: "forbidden", message: "This needs a key with the scope \(list).")
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
