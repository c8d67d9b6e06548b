/// Says whether new work may be taken in, beyond what the database says of itself.
package struct AdmissionControl: Sendable {
    private let obstacle: @Sendable () -> String?

    /// - Parameter obstacle: why not, in a word or two: `The broker`; `nil` when work may be taken in.
    package init(obstacle: @escaping @Sendable () -> String? = { nil }) { self.obstacle = obstacle }

    /// - Throws: 503 while there is an obstacle.
    package func check() throws(APIError) {
        if let name = obstacle() { throw .unavailable(name, retryAfter: 5) }
    }
}
