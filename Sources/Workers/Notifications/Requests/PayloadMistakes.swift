import FlotillaModels

/// Everything that is wrong with a body, in the order in which it was found.
struct PayloadMistakes {
    private var found: [InvalidPayload] = []

    /// What was read; `nil` where it is absent or wrong.
    @discardableResult
    mutating func collect<Value>(_ read: @autoclosure () throws(InvalidPayload) -> Value?) -> Value? {
        do throws(InvalidPayload) {
            return try read()
        } catch {
            found.append(error)
            return nil
        }
    }

    /// Throws the first one with the others in it.
    func throwAll() throws(InvalidPayload) {
        guard let first = found.first else { return }
        throw InvalidPayload(field: first.field, problem: first.problem, others: Array(found.dropFirst()))
    }
}
