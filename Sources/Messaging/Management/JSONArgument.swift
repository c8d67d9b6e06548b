import FlotillaModels

/// An argument as JSON shows it: without AMQP's widths of numbers.
struct JSONArgument: Decodable {
    var value: FieldValue

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            value = .void
        } else if let flag = try? container.decode(Bool.self) {
            value = .boolean(flag)
        } else if let number = try? container.decode(Int64.self) {
            value = .int64(number)
        } else if let number = try? container.decode(Double.self) {
            value = .double(number)
        } else if let text = try? container.decode(String.self) {
            value = .string(text)
        } else if let list = try? container.decode([JSONArgument].self) {
            value = .array(list.map(\.value))
        } else {
            let table = try container.decode([String: JSONArgument].self)
            value = .table(
                HeaderTable(table.sorted { $0.key < $1.key }.map { .init(name: $0.key, value: $0.value.value) })
            )
        }
    }
}
