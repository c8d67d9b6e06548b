package import FlotillaHTTPRouting
package import FlotillaModels
import FlotillaModules
package import FlotillaStorage

/// `/api/v1/notifications/preferences` and `…/unsubscribe`: what recipients want and decline.
package struct PreferenceRoutes: Sendable {
    private enum Body {
        static let preferences = Field.required(
            "preferences",
            .payload(choices),
            "A list of {channel, template, allowed}; the template * stands for all marketing."
        )
        static let fields: Fields = [preferences]

        private static let choices = PayloadShape.list(
            .object(
                [
                    PayloadField("channel", is: .choice(Channel.allCases.map(\.rawValue)), "By which way.").required,
                    PayloadField("template", is: .string(atMost: 200), "A template's name, or *.").required,
                    PayloadField("allowed", is: .flag, "Whether it may be sent.").required,
                ],
                isOpen: false
            ),
            count: 0...1_000
        )
    }

    private static let example = #"{"preferences":[{"channel":"email","template":"*","allowed":false}]}"#

    private enum Query {
        static let token = Field.required("token", .uuid, "From the link in a mail.")
        static let fields: Fields = [token]
    }

    private let store: PreferenceStore
    private let templates: TemplateLibrary
    private let topic: String

    package init(_ pool: PostgresPool, templates: TemplateLibrary, topology: Topology) {
        store = PreferenceStore(pool)
        self.templates = templates
        topic = topology.events.name
    }

    package var routes: [Route] {
        NotificationRoutes.bases.flatMap { choosing(at: "\($0)/preferences/{recipient}") } + unsubscribing
    }

    private func choosing(at path: String) -> [Route] {
        [
            Route(
                "GET",
                path,
                access: .scope(.readPersonal),
                summary: "What a recipient (a user's id, or a key such as customer:7) has chosen.",
                answers: [.of(200, "The choices.", Schemas.preferences)],
                handler: get
            ),
            Route(
                "PUT",
                path,
                access: .scope(.edit),
                summary: "Put these choices in the place of the earlier ones.",
                body: Body.fields,
                examples: [("choices", Self.example)],
                answers: [.of(200, "The choices.", Schemas.preferences)],
                handler: put
            ),
        ]
    }

    private var unsubscribing: [Route] {
        [
            Route(
                "GET",
                "/api/v1/notifications/unsubscribe",
                access: .open,
                summary:
                    "A page that asks whether to decline marketing mail. Changes nothing: mail scanners follow links.",
                query: Query.fields,
                holdsSecrets: true,
                answers: [.of(200, "The page.", in: "text/html"), .of(404, "The link is none of ours.")],
                handler: ask
            ),
            Route(
                "POST",
                "/api/v1/notifications/unsubscribe",
                access: .open,
                summary: "Decline marketing mail, by the page or by a mail client's one click (RFC 8058).",
                query: Query.fields,
                holdsSecrets: true,
                answers: [.of(200, "Declined.", in: "text/html"), .of(404, "The link is none of ours.")],
                handler: unsubscribe
            ),
        ]
    }

    private func get(_ call: Call) async throws -> HTTPResponse {
        let recipient = RecipientKey(named: call.parameter("recipient"))
        return answer(recipient, try await store.choices(of: recipient))
    }

    private func put(_ call: Call) async throws -> HTTPResponse {
        let recipient = RecipientKey(named: call.parameter("recipient"))
        guard recipient.text.utf8.count <= 400 else {
            throw APIError.invalid([.init(field: "recipient", message: "is too long")])
        }
        let wanted = try choices(call.body.required(Body.preferences))
        let event = OperatorEvent("preferences.change", of: recipient.text)
        let record = ReceivedRequest.current.map { [Outbox.insert([event.message(of: $0, to: topic)])] } ?? []
        return answer(recipient, try await store.replace(wanted, of: recipient, record: record))
    }

    private func answer(_ recipient: RecipientKey, _ choices: [NotificationPreferences.Choice]) -> HTTPResponse {
        var data = JSONObject()
        data.add("recipient", recipient.text)
        data.add(
            "preferences",
            jsons: choices.map { choice in
                var object = JSONObject()
                object.add("channel", choice.channel.rawValue)
                object.add("template", choice.template)
                object.add("allowed", choice.isAllowed)
                return object.closed
            }
        )
        return Envelope.success(data.closed)
    }

    private func choices(_ json: [UInt8]) throws(APIError) -> [NotificationPreferences.Choice] {
        guard let value = try? JSONValue(json), case .array(let elements) = value, elements.count <= 1_000 else {
            throw .invalid([.init(field: "preferences", message: "has to be a list of at most 1000 choices")])
        }
        var problems: [APIError.Detail] = []
        var choices: [NotificationPreferences.Choice] = []
        for (index, element) in elements.enumerated() {
            do throws(RuleProblem) {
                let choice = try choice(element)
                if choices.contains(where: { $0.channel == choice.channel && $0.template == choice.template }) {
                    throw RuleProblem("is there twice")
                }
                choices.append(choice)
            } catch {
                if problems.count < 50 { problems.append(.init(field: "preferences.\(index)", message: error.text)) }
            }
        }
        guard problems.isEmpty else { throw .invalid(problems) }
        return choices
    }

    private func choice(_ value: JSONValue) throws(RuleProblem) -> NotificationPreferences.Choice {
        let known = ["channel", "template", "allowed"]
        guard case .members(let members) = value else {
            throw RuleProblem("has to be an object with \(known.joined(separator: ", "))")
        }
        if let unknownMember = members.first(where: { !known.contains($0.name) }) {
            throw RuleProblem(
                "has \(unknownMember.name.prefix(100)), which is not known; there are \(known.joined(separator: ", "))"
            )
        }
        let channels = Channel.allCases.map(\.rawValue).joined(separator: ", ")
        guard case .string(let word)? = value["channel"], let channel = Channel(rawValue: word) else {
            throw RuleProblem("needs a channel, one of \(channels)")
        }
        guard case .string(let name)? = value["template"] else {
            throw RuleProblem("needs a template, or * for all marketing")
        }
        guard case .boolean(let isAllowed)? = value["allowed"] else {
            throw RuleProblem("needs allowed, true or false")
        }
        let choice = NotificationPreferences.Choice(channel: channel, template: name, isAllowed: isAllowed)
        if name == NotificationPreferences.allMarketing { return choice }
        guard let template = templates.template(name) else {
            throw RuleProblem("names the template \(name.prefix(100)), which there is not")
        }
        guard choice.isPossible(for: template.category) else {
            throw RuleProblem("can't decline \(name): transactional mail always goes out")
        }
        return choice
    }

    private func ask(_ call: Call) async throws -> HTTPResponse {
        let token = call.query.required(Query.token)
        guard try await store.recipient(ofToken: token) != nil else { throw APIError.notFound("such subscription") }
        return UnsubscribePage.question(token: token)
    }

    private func unsubscribe(_ call: Call) async throws -> HTTPResponse {
        guard try await store.unsubscribe(token: call.query.required(Query.token)) else {
            throw APIError.notFound("such subscription")
        }
        return UnsubscribePage.confirmation
    }
}
