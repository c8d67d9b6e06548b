import FlotillaHTTPRouting

/// What the machinery around routes answers, beside what each declares itself.
enum OpenAPIAnswers {
    static func implied(by route: Route) -> [Route.Answer] {
        var answers: [Route.Answer] = [
            .of(400, route.body == nil ? unreadable : "\(unreadable) Or the body is not JSON."),
            .of(408, "The request took too long to arrive."), .of(414, "The address is too long."),
            .of(417, "Expect has something else than 100-continue."),
            .of(429, "More requests of this key or from this address than may be; Retry-After says when to go on."),
            .of(431, "The header fields are too long."),
            .of(500, "A mistake of this server's; its log has more under the correlation id."),
            .of(501, "Transfer-Encoding has something else than chunked."),
            .of(503, "Something needed is down, or too busy; Retry-After says when to try again."),
        ]
        if route.body != nil {
            answers.append(.of(413, "The body is too long."))
            answers.append(.of(415, "The body's type is not JSON, not in UTF-8, or compressed."))
        }
        if let lines = route.lines {
            answers.append(
                .of(413, "The body is longer than \(lines.limit) bytes, or has more than \(lines.lineCount) lines.")
            )
            answers.append(.of(415, "The body's type is not \(LineBody.mediaType), not in UTF-8, or compressed."))
        }
        if route.body != nil || !route.query.all.isEmpty || !route.headers.all.isEmpty || route.path.text.contains("{")
        {
            answers.append(.of(422, "The request has mistakes; details names each."))
        }
        if route.access != .open {
            answers.append(.of(401, "There is no valid API key, nor a valid token."))
            answers.append(.of(403, "The caller lacks the scope."))
        }
        return answers
    }

    private static let unreadable = "The request can't be read."
}
