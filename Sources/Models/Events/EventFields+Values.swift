extension EventFields {
    /// A whole number within the range, as a number or as a string of digits. Earlier names win, wherever they stand.
    package func integer(_ names: String..., in range: ClosedRange<Int64>) throws(InvalidPayload) -> Int64? {
        for name in names {
            guard let value = try value(name) else { continue }
            func refuse(_ found: String) -> InvalidPayload {
                let expected = "expected a whole number from \(range.lowerBound) to \(range.upperBound)"
                return InvalidPayload(field: name, problem: "\(expected), found \(found)")
            }
            switch value {
            case .number(let text), .string(let text):
                guard let number = Int64(text) else { throw refuse("something else") }
                guard range.contains(number) else { throw refuse("\(number)") }
                return number
            case .boolean: throw refuse("true or false")
            case .array: throw refuse("an array")
            case .members: throw refuse("an object")
            case .null: continue
            }
        }
        return nil
    }

    /// `true` or `false`. Earlier names win.
    package func flag(_ names: String...) throws(InvalidPayload) -> Bool? {
        for name in names {
            guard let value = try value(name) else { continue }
            guard case .boolean(let flag) = value else {
                throw InvalidPayload(field: name, problem: "expected true or false, found something else")
            }
            return flag
        }
        return nil
    }
}
