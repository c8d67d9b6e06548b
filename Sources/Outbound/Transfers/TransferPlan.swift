import FlotillaPlatform
import CFlotillaCurl

/// One transfer as libcurl is to make it.
struct TransferPlan: Sendable {
    enum Kind: Sendable {
        case http(method: String, headers: [String], body: [UInt8]?)
        case mail(sender: String, recipients: [String], content: [UInt8])
        /// Connects, authenticates, and says NOOP.
        case mailProbe
    }

    var kind: Kind
    var url: String
    /// `http,https`
    var protocols: String
    /// Transfers to one server share the limit of connections.
    var server: String
    var user: String?
    var password: Secret?
    /// The parameter of libcurl's AWS signature, version 4: `aws:amz:region:service`.
    var awsSignature: String?
    /// Whether a connection that begins in plaintext has to be encrypted before anything is said.
    var requiresStartTLS = false
    /// A file of authorities to trust instead of the system's.
    var authorities: String?
    var connectTimeout = Duration.seconds(5)
    /// From the start of the transfer to its end; the wait for a free connection does not count.
    var timeout = Duration.seconds(30)
    /// For one of a mail server's replies; `nil` leaves it at the whole transfer's time.
    var replyTimeout: Duration?
    /// For a mail server's answer to the whole mail.
    var dataReplyTimeout: Duration?
    var answerLimit = 1 << 20
    /// Whether an answer's body is cut at the limit rather than refused.
    var cutsLongAnswers = false
    /// Whether an address may be connected to.
    var addressCheck: (@Sendable (IPAddress) -> Bool)?
    /// Whether no connection that is open already may be used.
    var needsFreshConnection = false
}

extension OutboundError.Code {
    /// What ended a transfer before libcurl did.
    var words: String {
        switch self {
        case .closed: "the engine is closed"
        case .busy: "all connections are in use"
        default: "the task was cancelled"
        }
    }
}

extension OutboundError {
    /// Nil when the transfer went through.
    init?(_ report: TransferReport, operation: String) {
        if let interruption = report.interruption {
            self.init(code: interruption, operation: operation, detail: report.detail)
        } else if let address = report.refusedAddress, report.code != CURLE_OK {
            self.init(code: .refusedAddress, operation: operation, detail: "\(address) is not to be connected to")
        } else if report.isTooLarge {
            self.init(code: .answerTooLarge, operation: operation, detail: "the answer is longer than allowed")
        } else if report.code != CURLE_OK {
            self.init(code: Code(report.code), operation: operation, detail: report.detail)
        } else {
            return nil
        }
    }
}

extension OutboundError.Code {
    fileprivate init(_ code: CURLcode) {
        self =
            switch code {
            case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: .resolve
            case CURLE_COULDNT_CONNECT, CURLE_INTERFACE_FAILED: .connect
            case CURLE_OPERATION_TIMEDOUT: .timeout
            case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_ENGINE_NOTFOUND, CURLE_SSL_ENGINE_SETFAILED,
                CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER, CURLE_PEER_FAILED_VERIFICATION, CURLE_USE_SSL_FAILED,
                CURLE_SSL_ENGINE_INITFAILED, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CRL_BADFILE, CURLE_SSL_ISSUER_ERROR,
                CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_CLIENTCERT:
                .tls
            case CURLE_LOGIN_DENIED, CURLE_AUTH_ERROR: .authentication
            case CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_PARTIAL_FILE, CURLE_SSL_SHUTDOWN_FAILED:
                .connectionLost
            // libcurl calls an answer that is no HTTP an unsupported protocol; what we ask by is checked before.
            case CURLE_URL_MALFORMAT, CURLE_BAD_FUNCTION_ARGUMENT, CURLE_SETOPT_OPTION_SYNTAX, CURLE_NOT_BUILT_IN,
                CURLE_UNKNOWN_OPTION:
                .invalidRequest
            default: .violation
            }
    }
}
