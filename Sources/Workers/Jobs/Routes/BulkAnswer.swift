import FlotillaHTTPRouting

/// What became of one line of many jobs.
enum BulkAnswer {
    /// - Parameter isRepeat: whether a request before has stored it.
    case accepted(_ json: String, isRepeat: Bool)
    case refused(APIError)

    /// `nil` of one that is not stored.
    var isRepeat: Bool? {
        if case .accepted(_, let isRepeat) = self { isRepeat } else { nil }
    }

    /// Without a line end.
    func json(of line: LineBody.Line) -> String {
        var object = JSONObject()
        object.add("line", line.number)
        switch self {
        case .accepted(let json, let isRepeat):
            object.add("status", 202)
            if isRepeat { object.add("replayed", true) }
            object.add("data", json: json)
        case .refused(let error):
            object.add("status", error.status)
            object.add("error", json: error.json)
        }
        return object.closed
    }
}
