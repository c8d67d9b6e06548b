import FlotillaHTTPRouting

/// What operations refer to, and what answers of a kind have in common.
enum OpenAPIComponents {
    private static let keyDescription = """
        An API key, flk_<id>_<secret>, with scopes: \
        \(Scope.allCases.map { "\($0.rawValue) (\($0.summary))" }.joined(separator: "; ")). \
        With enqueue it has grants besides: which events and job types it may hand in.
        """

    private static let bearerDescription = """
        \(keyDescription) Or a token of an issuer that this server trusts, where it takes any: a JSON Web Token, or one that the auth \
        service vouches for. Its claims name the scopes and grants.
        """

    static let json = """
        {"securitySchemes":{\
        "bearer":{"type":"http","scheme":"bearer","description":\(bearerDescription.json)},\
        "header":{"type":"apiKey","in":"header","name":"X-API-Key","description":\(keyDescription.json)}},\
        "headers":{\
        "CorrelationID":{"description":"Of the request, in its logs and all that comes of it.","required":true,\
        "schema":{"type":"string"}},\
        "Location":{"description":"Where what was accepted can be followed.","required":true,\
        "schema":{"type":"string","format":"uri-reference"}},\
        "Replayed":{"description":"true for the answer of a request that was made before.",\
        "schema":{"type":"string","const":"true"}},\
        "RetryAfter":{"description":"In how many seconds to try again.","required":true,\
        "schema":{"type":"integer","minimum":1}},\
        "RateLimit":{"description":"What is left of each limit: r requests at once, all of them in t seconds.",\
        "schema":{"type":"string"}},\
        "RateLimitPolicy":{"description":"The limits: q requests at once, which take w seconds to come back.",\
        "schema":{"type":"string"}}},\
        "schemas":{"Failure":{"type":"object","required":["success","error","correlationId"],"properties":{\
        "success":{"type":"boolean","const":false},\
        "error":{"type":"object","required":["code","message","details"],"properties":{\
        "code":{"type":"string"},"message":{"type":"string"},\
        "details":{"type":"array","items":{"$ref":"#/components/schemas/Mistake"}}}},\
        "correlationId":{"type":"string"}}},\
        "Mistake":{"type":"object","required":["field","message"],"properties":{\
        "field":{"type":"string"},"message":{"type":"string"}}},\
        "Problem":{"type":"object",\
        "required":["type","title","status","detail","instance","code","correlationId","errors"],"properties":{\
        "type":{"type":"string","format":"uri"},"title":{"type":"string"},"status":{"type":"integer"},\
        "detail":{"type":"string"},"instance":{"type":"string"},"code":{"type":"string"},\
        "correlationId":{"type":"string"},\
        "errors":{"type":"array","items":{"$ref":"#/components/schemas/Mistake"}}}}}}
        """

    /// The content of a failure.
    static let failure = """
        {"application/json":{"schema":{"$ref":"#/components/schemas/Failure"}},\
        "application/problem+json":{"schema":{"$ref":"#/components/schemas/Problem"}}}
        """

    /// The header fields of an answer.
    ///
    /// - Parameters:
    ///   - answer: its status, and whether it says where to go on.
    ///   - isIdempotent: whether the request may have a key of its own.
    static func headers(of answer: Route.Answer, isIdempotent: Bool) -> String {
        var names = [(CorrelationID.header, "CorrelationID")]
        if answer.hasLocation { names.append(("Location", "Location")) }
        if isIdempotent && answer.status < 300 { names.append((IdempotencyHeader.replayed, "Replayed")) }
        if answer.status == 429 || answer.status == 503 { names.append(("Retry-After", "RetryAfter")) }
        if answer.status == 429 { names += [("RateLimit", "RateLimit"), ("RateLimit-Policy", "RateLimitPolicy")] }
        var headers = JSONObject()
        for (name, reference) in names {
            headers.add(name, json: "{\"$ref\":\("#/components/headers/\(reference)".json)}")
        }
        return headers.closed
    }
}
