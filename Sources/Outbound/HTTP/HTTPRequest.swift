package import FlotillaPlatform

/// One request to a server outside.
package struct HTTPRequest: Sendable {
    package struct Header: Sendable, Hashable {
        package let name: String
        package let value: String

        package init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }
    }

    package enum Authorization: Sendable, Hashable {
        case basic(user: String, password: Secret)
        case bearer(Secret)
        /// AWS Signature Version 4, for stores with S3's interface.
        case aws(AWSCredentials)
    }

    package struct AWSCredentials: Sendable, Hashable {
        package var region: String
        /// `s3`
        package var service: String
        package var keyID: String
        package var secret: Secret

        package init(region: String, service: String, keyID: String, secret: Secret) {
            (self.region, self.service, self.keyID, self.secret) = (region, service, keyID, secret)
        }
    }

    package var method: String
    package var url: String
    package var headers: [Header]
    package var body: [UInt8]?
    package var authorization: Authorization?
    /// From the first byte to the last; the wait for a free connection does not count.
    package var timeout: Duration
    /// The longest body of an answer, in bytes.
    package var answerLimit: Int
    /// Whether a longer body is cut at the limit, and the connection with it; otherwise it is an error.
    package var cutsLongAnswers: Bool
    /// Asked with the resolved address before anything is sent there; `false` refuses it.
    package var addressCheck: (@Sendable (IPAddress) -> Bool)?

    package init(
        _ method: String,
        _ url: String,
        headers: [Header] = [],
        body: [UInt8]? = nil,
        authorization: Authorization? = nil,
        timeout: Duration = .seconds(30),
        answerLimit: Int = 1 << 20,
        cutsLongAnswers: Bool = false,
        addressCheck: (@Sendable (IPAddress) -> Bool)? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.authorization = authorization
        self.timeout = timeout
        self.answerLimit = answerLimit
        self.cutsLongAnswers = cutsLongAnswers
        self.addressCheck = addressCheck
    }
}
