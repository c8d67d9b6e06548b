import FlotillaModels

/// Requests to `_bulk`, none longer than the engine takes at once, and what the answers mean.
struct BulkRequest {
    static let type = "application/x-ndjson"
    /// In bytes; engines refuse more than 100 MB by default, and like a tenth of that best.
    private static let limit = 5 << 20

    let text: String
    /// In the order of the lines.
    let changes: [IndexedChange]

    /// - Parameters:
    ///   - version: of all of them. The engine keeps a document that has a greater one already.
    ///   - alias: of a generation's index, by which it is written.
    static func requests(_ changes: [IndexedChange], version: Int64, alias: (Int64) -> String) -> [BulkRequest] {
        var requests: [BulkRequest] = []
        var text = ""
        var pending: [IndexedChange] = []
        func flush() {
            if !pending.isEmpty { requests.append(BulkRequest(text: text, changes: pending)) }
            text = ""
            pending = []
        }
        for change in changes {
            let lines = Self.lines(change, version, alias(change.generation))
            if text.utf8.count + lines.utf8.count > limit { flush() }
            text += lines
            pending.append(change)
        }
        flush()
        return requests
    }

    private static func lines(_ change: IndexedChange, _ version: Int64, _ alias: String) -> String {
        var target: [JSONValue.Member] = [
            .init(name: "_index", value: .string(alias)), .init(name: "_id", value: .string(change.profileID)),
            .init(name: "version", value: .number("\(version)")),
            .init(name: "version_type", value: .string("external")),
        ]
        guard let document = change.document else { return "{\"delete\":\(JSONValue.members(target).json)}\n" }
        // Without it the engine would make an index of its own in the place of one that was deleted.
        target.append(.init(name: "require_alias", value: .boolean(true)))
        return "{\"index\":\(JSONValue.members(target).json)}\n\(ElasticsearchDocument.source(document).json)\n"
    }

    /// The generations from which it takes documents and to which it adds none.
    ///
    /// Engines heed `require_alias` for additions alone, and make a missing index for a removal with an external version.
    var onlyRemovedFrom: [Int64] {
        let added = Set(changes.filter { $0.document != nil }.map(\.generation))
        return Set(changes.map(\.generation)).subtracting(added).sorted()
    }

    /// What became of the changes.
    struct Outcome {
        /// The engine was too busy for some: all may be sent again.
        var busy: String?
        /// Those that it will never take, with its reasons.
        var refused: [(change: IndexedChange, reason: String)] = []
        /// The generations whose indexes are not there any more.
        var vanished: Set<Int64> = []
    }

    /// Reads the answer item by item: one bad document says nothing of the others.
    func outcome(of answer: JSONValue) throws -> Outcome {
        let items = answer["items"]?.elements ?? []
        guard items.count == changes.count else {
            throw IndexError(
                code: .unavailable,
                operation: "_bulk",
                detail: "\(items.count) answers to \(changes.count) changes"
            )
        }
        var outcome = Outcome()
        for (change, item) in zip(changes, items) {
            let result = item[change.document == nil ? "delete" : "index"]
            let status = result?["status"]?.double.flatMap { Int(exactly: $0) } ?? 0
            switch status {
            case 200..<300: break
            // A later change is there already.
            case 409: break
            case 404 where result?["error"]?["type"]?.text == ElasticsearchResponse.indexNotFound:
                outcome.vanished.insert(change.generation)
            // What is to go is not there.
            case 404 where change.document == nil && result?["error"] == nil: break
            case 429, 500..., 0: outcome.busy = Self.reason(result, status)
            default: outcome.refused.append((change, Self.reason(result, status)))
            }
        }
        return outcome
    }

    private static func reason(_ result: JSONValue?, _ status: Int) -> String {
        ElasticsearchResponse.reason(result ?? .null, status)
    }
}
