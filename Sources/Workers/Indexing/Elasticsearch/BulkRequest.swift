import Models

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
    ///   - index: the name of a generation's index.
    static func requests(_ changes: [IndexedChange], version: Int64, index: (Int64) -> String) -> [BulkRequest] {
        var requests: [BulkRequest] = []
        var text = ""
        var pending: [IndexedChange] = []
        func flush() {
            if !pending.isEmpty { requests.append(BulkRequest(text: text, changes: pending)) }
            text = ""
            pending = []
        }
        for change in changes {
            let lines = Self.lines(change, version, index(change.generation))
            if text.utf8.count + lines.utf8.count > limit { flush() }
            text += lines
            pending.append(change)
        }
        flush()
        return requests
    }

    private static func lines(_ change: IndexedChange, _ version: Int64, _ index: String) -> String {
        let target = JSONValue.members([
            .init(name: "_index", value: .string(index)), .init(name: "_id", value: .string(change.profileID)),
            .init(name: "version", value: .number("\(version)")),
            .init(name: "version_type", value: .string("external")),
        ]).json
        guard let document = change.document else { return "{\"delete\":\(target)}\n" }
        return "{\"index\":\(target)}\n\(ElasticsearchDocument.source(document).json)\n"
    }

    /// What became of the changes.
    struct Outcome {
        /// The engine was too busy for some: all may be sent again.
        var busy: String?
        /// Those that it will never take, with its reasons.
        var refused: [(change: IndexedChange, reason: String)] = []
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
            let status = result?["status"]?.double.map { Int($0) } ?? 0
            switch status {
            case 200..<300: break
            // A later change is there already.
            case 409: break
            // What is to go is not there.
            case 404 where change.document == nil && result?["error"] == nil: break
            case 429, 500..., 0: outcome.busy = Self.reason(result, status)
            default: outcome.refused.append((change, Self.reason(result, status)))
            }
        }
        return outcome
    }

    private static func reason(_ result: JSONValue?, _ status: Int) -> String {
        ElasticsearchAnswer.reason(result ?? .null, status)
    }
}
