import CFlotillaCurl

/// What became of a transfer.
struct TransferReport: Sendable {
    /// Of libcurl; `CURLE_OK` when it went through.
    var code: CURLcode
    var detail = ""
    var status = 0
    /// Lines of the answer's head, without their ends; of SMTP, everything that the server said.
    var lines: [String] = []
    var body: [UInt8] = []
    /// Whether it went over a connection that was open before.
    var reusedConnection = false
    /// Whether the server was sent all of the content, so that it may have taken it.
    var sentEverything = false
    /// Whether the content was begun with: the server had said yes to all that came before.
    var beganContent = false
    /// The address that the check did not let through.
    var refusedAddress: IPAddress?
    var isTooLarge = false
    /// Whether the rest of the answer was not waited for.
    var isCut = false
    /// Why it ended before libcurl ended it.
    var interruption: OutboundError.Code?

    init(code: CURLcode, detail: String = "") { (self.code, self.detail) = (code, detail) }

    init(interruption: OutboundError.Code) {
        self.init(
            code: CURLE_ABORTED_BY_CALLBACK,
            detail: interruption.words
        )
        self.interruption = interruption
    }
}
