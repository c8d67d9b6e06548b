/// Answers searches.
package protocol SearchEngine: Sendable {
    /// - Parameters:
    ///   - cursor: where the page begins; `nil` is the first page.
    ///   - limit: at least 1.
    func search(_ query: ProfileQuery, after cursor: SearchCursor?, limit: Int) async throws -> SearchPage
}
