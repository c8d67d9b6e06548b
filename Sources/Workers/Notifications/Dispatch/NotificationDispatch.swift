package import FlotillaModels
import FlotillaOutbound
import FlotillaPlatform
package import FlotillaStorage

/// Turns a request into one notification for each recipient and channel, and into the messages that deliver them.
///
/// Everything is written by the caller's transaction. Each text is rendered here once already, so that a template that
/// lacks a variable is found before anything is accepted.
package struct NotificationDispatch: Sendable {
    /// Executes statements in the transaction that everything is to be part of.
    package typealias Execute = ([SQLStatement]) async throws -> [SQLResult]

    private let templates: TemplateLibrary
    private let identity: NotificationIdentity
    private let topology: Topology

    var eventExchange: String { topology.events.name }

    package init(_ texts: NotificationTexts, topology: Topology) {
        templates = texts.templates
        identity = texts.identity
        self.topology = topology
    }

    /// Writes the notifications, and the messages that deliver them.
    ///
    /// - Parameters:
    ///   - id: of the request, which is written with them.
    ///   - isUnasked: whether a user who is not known could be asked for; none can unless it is given.
    /// - Throws: `UnknownUsers` for those, before anything is written; `TemplateError`, `UnknownRecipient`,
    ///   `UnreachableRecipient`, `FieldError` for an address or a text that can't be sent, and what the execution throws.
    package func dispatch(
        _ request: NotificationRequest,
        id: String = UUIDv7.make(),
        asking isUnasked: (RecipientSelector) -> Bool = { _ in false },
        executing execute: Execute
    ) async throws -> [PlannedNotification] {
        guard let template = templates.template(request.template) else {
            throw TemplateError(
                code: .unknownTemplate,
                template: request.template,
                detail: "there is no template called \(request.template.prefix(100))"
            )
        }
        if let path = JSONValue.members(request.data).pathOfNUL {
            throw FieldError("data.\(path)", "has the character U+0000")
        }
        let search = RecipientSearch(selectors: request.to)
        let found = try await execute([search.statement])[0]
        let unasked = search.unknownUsers(in: found).filter(isUnasked)
        guard unasked.isEmpty else { throw UnknownUsers(selectors: unasked) }
        if request.allowsNoRecipient, (try? search.recipients(in: found)) == nil { return [] }
        let planned = try plan(template, request, for: search, in: found)
        let statements = DispatchStatements(request: request, id: id, notifications: planned)
        _ = try await execute(statements.all(by: topology))
        return planned
    }

    private func plan(
        _ template: Template,
        _ request: NotificationRequest,
        for search: RecipientSearch,
        in found: SQLResult
    ) throws -> [PlannedNotification] {
        let recipients: [Recipient]
        do throws(UnknownRecipient) {
            recipients = try search.recipients(in: found)
        } catch {
            guard request.standsAlone else { throw error }
            let nobody = Recipient(key: error.selector.key)
            let channel = request.channels.first ?? .email
            return [try planOne(template, request, for: nobody, on: channel, failing: error.description)]
        }
        var planned: [PlannedNotification] = []
        for recipient in recipients {
            planned += try plan(
                template,
                request,
                for: recipient,
                isAlone: recipients.count == 1 && !request.standsAlone
            )
        }
        return planned
    }

    private func plan(
        _ template: Template,
        _ request: NotificationRequest,
        for recipient: Recipient,
        isAlone: Bool
    ) throws -> [PlannedNotification] {
        let channels = request.channels.filter(template.channels.contains)
        guard !channels.isEmpty else {
            let wanted = request.channels.map(\.rawValue).joined(separator: " or ")
            throw TemplateError(
                code: .malformed,
                template: template.name,
                detail: "the template \(template.name) has no text for \(wanted)"
            )
        }
        let reachable = channels.filter { recipient.address(on: $0) != nil }
        let unreachable = UnreachableRecipient(key: recipient.key, channels: channels)
        // One of many who can't be reached keeps the others from nothing.
        if reachable.isEmpty && isAlone { throw unreachable }
        if reachable.isEmpty {
            return [try planOne(template, request, for: recipient, on: channels[0], failing: unreachable.description)]
        }
        var planned: [PlannedNotification] = []
        for channel in reachable {
            let problem: String
            do {
                planned.append(try planOne(template, request, for: recipient, on: channel))
                continue
            } catch let error as FieldError where !isAlone {
                problem = error.description
            } catch let error as TemplateError where request.standsAlone {
                problem = error.detail
            }
            planned.append(try planOne(template, request, for: recipient, on: channel, failing: problem))
        }
        return planned
    }

    private func planOne(
        _ template: Template,
        _ request: NotificationRequest,
        for recipient: Recipient,
        on channel: Channel,
        failing problem: String? = nil
    ) throws -> PlannedNotification {
        let token = template.category == .marketing ? UUIDv7.make() : nil
        let values = identity.values(
            recipientID: recipient.key.text,
            name: recipient.name,
            address: recipient.email,
            unsubscribeToken: token,
            data: request.data
        )
        let timeZone = request.timeZone ?? recipient.timeZone
        let language = request.language ?? recipient.language ?? TemplateLibrary.defaultLanguage
        let text: RenderedNotification
        do throws(TemplateError) {
            text = try templates.render(
                template.name,
                language: language,
                values: values,
                timeZone: timeZone,
                writtenIn: request.timeZone
            )
        } catch {
            // What has failed is on record, even when it can't be written.
            guard problem != nil, request.standsAlone else { throw error }
            text = RenderedNotification(language: language, subject: "", html: "", text: "", short: "")
        }
        if problem == nil { try check(text, request, for: recipient, on: channel) }
        let objection = recipient.preferences.objection(to: template, on: channel)
        let status: NotificationStatus =
            problem != nil ? .failed : objection != nil ? .suppressed : channel == .inApp ? .sent : .queued
        return PlannedNotification(
            id: UUIDv7.make(),
            channel: channel,
            template: template,
            recipient: recipient,
            address: channel == .inApp ? nil : recipient.address(on: channel),
            language: text.language,
            timeZone: timeZone,
            subject: text.subject,
            body: channel == .inApp ? text.short : nil,
            status: status,
            reason: problem ?? objection,
            unsubscribeToken: token
        )
    }
}

extension NotificationDispatch {
    /// Refuses what no provider could be given.
    private func check(
        _ text: RenderedNotification,
        _ request: NotificationRequest,
        for recipient: Recipient,
        on channel: Channel
    ) throws(FieldError) {
        guard let address = recipient.address(on: channel) else { return }
        switch channel {
        case .email:
            let mail = MailMessage(
                id: "check",
                from: .init(address: "check@example.com"),
                to: .init(name: recipient.name, address: address),
                subject: text.subject,
                text: "",
                date: 0,
                attachments: request.attachments
            )
            do throws(FieldError) {
                try mail.check()
            } catch {
                // By the name that the request has for it.
                guard error.field.hasPrefix("attachments.") else { throw error }
                throw FieldError("options.\(error.field)", error.problem)
            }
        case .sms: try TextMessage(id: "check", to: address, body: text.short).check()
        case .inApp: break
        }
    }
}
