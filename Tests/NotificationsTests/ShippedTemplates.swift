import FlotillaTestSupport
import FlotillaModels
@testable import FlotillaNotifications
import Foundation
import Testing

/// The templates of `ops/templates`, and their samples.
struct ShippedTemplates {
    static let names = [
        "announcement", "config_updated", "customer_reactivated", "customer_suspended", "customer_validated",
        "import_completed", "import_failed", "interview_scheduled", "matching_suggested", "message", "password_reset",
        "payment_succeeded", "profile_rejected", "profile_submitted", "profile_to_review", "profile_validated",
        "quota_exceeded", "quota_warning", "report_generated", "session_created", "subscription_cancelled",
        "subscription_expired", "subscription_expiring", "ticket_generated", "tickets_ready", "user_welcome",
    ]

    static let folder = Repository.file("ops/templates").path

    let library: TemplateLibrary

    private static let loaded = Result { () throws(TemplateMistakes) in try TemplateLibrary(folder: folder) }

    init() throws { library = try Self.loaded.get() }

    /// The sample with what the worker gives to every template.
    func values(of name: String, recipient: String = "Zoë Ōta") throws -> JSONValue {
        guard case .members(let members)? = library.sample(of: name) else { throw NoSample(name: name) }
        let common = try TemplateFixture.values(
            """
            {"recipient": {"id": "u-1", "name": "\(recipient)", "email": "zoe@example.com"},
             "app": {"name": "Flotilla", "url": "https://app.example.com", "support_email": "help@example.com"}}
            """
        )
        guard case .members(let shared) = common else { throw NoSample(name: name) }
        return .members(members + shared)
    }

    /// The sample without anything that may be missing, in the elements of lists as well.
    func leastValues(of name: String) throws -> JSONValue {
        let template = try #require(library.templates[name])
        let kept = Set(template.anyOf.compactMap(\.first))
        let dropped = Set(template.optional + template.anyOf.joined()).subtracting(kept).union([
            "recipient.name", "recipient.email", "recipient.id", "preferences_url",
        ])
        return Self.without(dropped, in: try values(of: name), at: "")
    }

    private struct NoSample: Error {
        let name: String
    }

    private static func without(_ dropped: Set<String>, in value: JSONValue, at parent: String) -> JSONValue {
        switch value {
        case .array(let elements): .array(elements.map { without(dropped, in: $0, at: parent) })
        case .members(let members):
            .members(
                members.compactMap { member in
                    let path = parent.isEmpty ? member.name : "\(parent).\(member.name)"
                    if dropped.contains(path) { return nil }
                    return .init(name: member.name, value: without(dropped, in: member.value, at: path))
                }
            )
        default: value
        }
    }
}
