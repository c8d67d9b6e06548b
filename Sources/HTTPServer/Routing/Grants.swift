/// Which events and job types a caller may hand in.
package struct Grants: Sendable, Hashable {
    package var events: GrantList
    package var jobs: GrantList

    /// What a key with the scope `enqueue` has unless something else was asked for: all that no domain guards.
    package static let standard = Grants(events: [GrantList.standard], jobs: [GrantList.standard])

    /// Nothing, unless given.
    package init(events: [String] = [], jobs: [String] = []) {
        self.events = GrantList(events)
        self.jobs = GrantList(jobs)
    }
}
