import FlotillaModels

/// How a profile is written in the search engine.
enum ElasticsearchDocument {
    /// What stands for a missing value where documents are sorted: they come last.
    static let missing = -1e300

    static func source(_ document: SearchDocument) -> JSONValue {
        var members: [JSONValue.Member] = [
            .init(name: "profile_id", value: .string(document.profileID)),
            .init(name: "title", value: .string(document.title)),
            .init(name: "keywords", value: .string(document.keywords)),
            .init(name: "context", value: .string(document.context)),
            .init(name: "body", value: .string(document.body)),
            .init(name: "skills", value: .array(document.skills.map { .string($0) })),
            .init(name: "event_at", value: .number("\(document.eventAt)")),
            .init(name: "score_order", value: .number("\(document.score ?? missing)")),
            .init(name: "experience_order", value: .number("\(document.experienceYears ?? missing)")),
        ]
        if let language = document.language { members.append(.init(name: "language", value: .string(language))) }
        if let sector = document.sector { members.append(.init(name: "sector", value: .string(sector))) }
        if let score = document.score { members.append(.init(name: "score", value: .number("\(score)"))) }
        if let years = document.experienceYears {
            members.append(.init(name: "experience_years", value: .number("\(years)")))
        }
        return .members(members)
    }

    /// The body that makes an index. Texts come without accents, and are stemmed as French and as English.
    static func index(alias: String) -> String { "{\"aliases\":{\(JSONValue.string(alias).json):{}},\(mapping)}" }

    private static let mapping = """
        "mappings":{"dynamic":"strict","properties":{\
        "profile_id":{"type":"keyword"},"language":{"type":"keyword"},"skills":{"type":"keyword"},\
        "sector":{"type":"keyword"},"experience_years":{"type":"double"},"score":{"type":"double"},\
        "experience_order":{"type":"double"},"score_order":{"type":"double"},"event_at":{"type":"long"},\
        "title":\(text),"keywords":\(text),"context":\(text),"body":\(text)}}
        """

    private static let text = """
        {"type":"text","fields":{"fr":{"type":"text","analyzer":"french"},"en":{"type":"text","analyzer":"english"}}}
        """
}
