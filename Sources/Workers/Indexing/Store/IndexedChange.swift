/// One profile of one generation, with its document; `nil` takes it out.
package struct IndexedChange: Sendable {
    package let generation: Int64
    package let profileID: String
    package let document: SearchDocument?
}
