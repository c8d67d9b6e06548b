package import FlotillaHTTPRouting

/// Whether the body of a request may come, decided by its head.
package enum HeadVerdict: Sendable {
    case accepted
    case refused(HTTPResponse)
    /// It takes a moment to find out; what the closure gives is the answer to refuse with, or `nil`.
    case pending(@Sendable () async -> HTTPResponse?)
}
