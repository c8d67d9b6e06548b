package import FlotillaModels

extension Republication {
    /// The message without the headers that keep it from being published again, for one that can't be carried whole:
    /// an error's headers on top of a publisher's may be more than a frame holds.
    ///
    /// The largest headers go first, and those that have no encoding; their names stay, under `dropped-headers`.
    ///
    /// - Parameter budget: how many bytes of headers may stay.
    package static func reduced(_ message: Message, to budget: Int) -> Message {
        var used = 0
        var dropped: [String] = []
        var kept: Set<Int> = []
        let sizes = message.headers.entries.map { PublishLimits.size(of: .table([$0.name: $0.value])) }
        for index in sizes.indices.sorted(by: { sizes[$0] ?? .max < sizes[$1] ?? .max }) {
            if let size = sizes[index], used + size <= budget {
                used += size
                kept.insert(index)
            } else {
                dropped.append(message.headers.entries[index].name)
            }
        }
        guard !dropped.isEmpty else { return message }
        var reduced = message
        reduced.headers.entries = message.headers.entries.indices.filter(kept.contains).map {
            message.headers.entries[$0]
        }
        let names = dropped.filter { $0.utf8.count <= 255 && $0 != FleetHeader.droppedHeaders }.prefix(8)
        reduced.headers[FleetHeader.droppedHeaders] = .array(names.map { .string($0) })
        return reduced
    }
}
