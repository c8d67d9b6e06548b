import FlotillaHTTPRouting

/// JSON Schema of what the search answers.
enum SearchSchemas {
    static let profile = """
        {"type":"object","required":["id","updatedAt"],"properties":{\
        "id":{"type":"string"},"title":{"type":"string"},"summary":{"type":"string"},"sector":{"type":"string"},\
        "location":{"type":"string"},"language":{"type":"string"},\
        "skills":{"type":"array","items":{"type":"object","required":["name"],"properties":{\
        "name":{"type":"string"},"level":\(Schemas.anything)}}},\
        "experienceYears":{"type":"number"},"experiences":{"type":"array","items":{"type":"object"}},\
        "education":{"type":"array","items":{"type":"object"}},"score":{"type":"number"},\
        "relevance":{"type":"number"},"updatedAt":{"type":"string","format":"date-time"},\
        "contact":{"type":"object","description":"For keys with the scope operate.","properties":{\
        "firstName":{"type":"string"},"lastName":{"type":"string"},"fullName":{"type":"string"},\
        "email":{"type":"string"},"phone":{"type":"string"}}}}}
        """

    private static let counts = """
        {"type":"array","items":{"type":"object","required":["value","count"],"properties":{\
        "value":{"type":"string"},"count":{"type":"integer"}}}}
        """

    static let page = """
        {"type":"object","required":["items","match","nextCursor"],"properties":{\
        "searchId":{"type":"string"},"items":{"type":"array","items":\(profile)},\
        "match":{"type":"string","enum":["exact","similar"]},\
        "total":{"type":"object","required":["value","isExact"],"properties":{\
        "value":{"type":"integer"},"isExact":{"type":"boolean"}}},\
        "facets":{"type":"object","properties":{"skills":\(counts),"sectors":\(counts),"experience":\(counts),\
        "score":{"type":"object","properties":{"lowest":{"type":"number"},"highest":{"type":"number"},\
        "average":{"type":"number"}}}}},\
        "nextCursor":{"type":["string","null"]}}}
        """

    static let view = """
        {"type":"object","required":["profile","quota"],"properties":{"profile":\(profile),\
        "quota":{"type":"object","required":["plan","used","overage","isExhausted"],"properties":{\
        "plan":{"type":"string"},"limit":{"type":["integer","null"]},"used":{"type":"integer"},\
        "overage":{"type":"integer"},"remaining":{"type":["integer","null"]},"isExhausted":{"type":"boolean"}}}}}
        """
}

extension SearchOverview {
    var totalJSON: String { "{\"value\":\(total),\"isExact\":\(isExact)}" }

    var facetsJSON: String {
        var facets = JSONObject()
        for (name, counts) in [("skills", skills), ("sectors", sectors), ("experience", experience)] {
            facets.add(name, jsons: counts.map { "{\"value\":\($0.value.json),\"count\":\($0.count)}" })
        }
        var score = JSONObject()
        if let lowestScore { score.add("lowest", lowestScore) }
        if let highestScore { score.add("highest", highestScore) }
        if let averageScore { score.add("average", averageScore) }
        facets.add("score", json: score.closed)
        return facets.closed
    }
}
