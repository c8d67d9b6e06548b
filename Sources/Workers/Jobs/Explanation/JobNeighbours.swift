import FlotillaHTTPRouting
import FlotillaModels
import FlotillaStorage

/// What a job comes after, and what comes after it: one step of its workflow to either side.
struct JobNeighbours: Sendable {
    struct Neighbour: Sendable {
        let id: String
        /// The job's type, or `batch` with its name.
        let what: String
        /// How it has ended, or stands.
        let state: String

        var json: String {
            var object = JSONObject()
            object.add("id", id)
            object.add("what", what)
            object.add("state", state)
            return object.closed
        }
    }

    let predecessors: [Neighbour]
    /// The first hundred.
    let successors: [Neighbour]

    init(of id: String, in pool: PostgresPool) async throws {
        let results = try await pool.pipeline([
            JobDependencies.predecessors(of: id), JobDependencies.successors(of: id),
        ])
        predecessors = results[0].map { row in
            let isBatch = row.bool(4) == true
            let batch = ["batch", row.text(3)].compactMap(\.self).joined(separator: " ")
            return Neighbour(
                id: row.text(0) ?? "",
                what: isBatch ? batch : row.text(1) ?? "a job that is forgotten",
                state: row.text(2) ?? (isBatch ? "not complete" : "unknown")
            )
        }
        successors = results[1].map { row in
            Neighbour(id: row.text(0) ?? "", what: row.text(1) ?? "", state: row.text(2) ?? "")
        }
    }

    var isEmpty: Bool { predecessors.isEmpty && successors.isEmpty }

    var json: JSONObject {
        var object = JSONObject()
        if !predecessors.isEmpty { object.add("predecessors", jsons: predecessors.map(\.json)) }
        if !successors.isEmpty { object.add("successors", jsons: successors.map(\.json)) }
        return object
    }
}
