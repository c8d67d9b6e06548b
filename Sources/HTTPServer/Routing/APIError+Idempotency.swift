extension APIError {
    /// A key was sent again, with another request.
    ///
    /// - Parameter field: what the request was known by: the header, or a field of its body.
    package static func idempotencyKeyReused(_ field: String = IdempotencyHeader.name) -> Self {
        Self(
            status: 422,
            code: "idempotency_key_reused",
            message:
                "This \(field) was used for another request: method, path and every byte of the body have to be the same.",
            details: [.init(field: field, message: "belongs to another request")]
        )
    }

    /// The first request with the key is not answered yet.
    package static let requestInProgress = Self(
        status: 409,
        code: "request_in_progress",
        message: "A request with this Idempotency-Key is still being worked on: repeat it later, for its answer.",
        retryAfter: 1
    )
}
