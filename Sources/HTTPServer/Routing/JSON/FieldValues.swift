/// The values of one request that its fields have let through.
package struct FieldValues: Sendable {
    private var values: [String: any Sendable] = [:]

    package init() {}

    package subscript<Value>(field: Field<Value>) -> Value? { values[field.name] as? Value }

    /// The value of a required field: reading has made sure of it.
    package func required<Value>(_ field: Field<Value>) -> Value {
        guard let value = self[field] else { preconditionFailure("\(field.name) is not among the declared fields") }
        return value
    }

    package mutating func set(_ name: String, _ value: any Sendable) { values[name] = value }

    package func has(_ name: String) -> Bool { values[name] != nil }
}
