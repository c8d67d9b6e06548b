/// Something that the routes of a domain depend on, for readiness to tell of. The API is of use without it.
package struct RouteDependency: Sendable {
    package let name: String
    /// What is wrong with it, in words that everybody may read; `nil` when nothing is.
    package let problem: @Sendable () async -> String?

    package init(_ name: String, problem: @escaping @Sendable () async -> String?) {
        self.name = name
        self.problem = problem
    }
}
