import FlotillaModels
import FlotillaPlatform
import Workers

/// The result of one scan, and what reports it: the answer, the events, the webhook.
package struct ScanResult: Sendable {
    package static let scanned = "ticket.scanned"
    package static let rejected = "scan.rejected"
    package static let suspected = "scan.suspected"

    let id: String
    let outcome: ScanOutcome
    /// What the token says, where its signature is genuine.
    let ticketID: String?
    let ticket: GeneratedTicket?
    let scanCount: TicketScanCount?
    /// Microseconds since 1970.
    let at: Int64

    /// As it came, where the ticket is known.
    private var shownID: JSONValue? { ticket?.ticketID.json ?? ticketID.map { .string($0) } }

    private var guestID: JSONValue? { ticket?.guest?.json }

    /// The result of a validation, as the core reads it. Refusals also say why, and when and where the ticket was used.
    var answer: JSONValue {
        var members = [JSONValue.Member(name: "valid", value: .boolean(outcome == .valid))]
        func add(_ name: String, _ value: JSONValue?) {
            if let value { members.append(.init(name: name, value: value)) }
        }
        func time(_ time: Int64) -> JSONValue { .string(WallClock.iso8601(time)) }
        add("ticketId", shownID)
        add("guestId", ticketID == nil ? nil : guestID ?? .null)
        if let scanCount {
            let shown = outcome == .valid ? scanCount.last : scanCount.previous ?? scanCount.last
            add("scanCount", .number("\(scanCount.count)"))
            add("lastScanAt", time(shown.at))
            if outcome != .valid {
                add("lastLocation", .string(shown.location))
                add("firstScanAt", time(scanCount.first.at))
                add("firstLocation", .string(scanCount.first.location))
            }
        }
        add("scanId", .string(id))
        add("code", .string(outcome.rawValue))
        add("message", .string(outcome.message))
        return .members(members)
    }

    /// `ticket.scanned` or `scan.rejected`.
    func event(of request: ScanRequest) -> OutgoingEvent {
        var members = [JSONValue.Member(name: "scanId", value: .string(id))]
        func add(_ name: String, _ value: JSONValue?) {
            if let value { members.append(.init(name: name, value: value)) }
        }
        add("ticketId", shownID)
        add("guestId", guestID)
        add("eventId", request.eventID.json)
        add("status", .string(outcome == .valid ? "validated" : "rejected"))
        if outcome != .valid { add("code", .string(outcome.rawValue)) }
        add("scanCount", scanCount.map { .number("\($0.count)") })
        add("operatorId", request.operatorID.json)
        add("location", .string(request.location))
        add("scannedAt", .string(WallClock.iso8601(at)))
        return outgoing(outcome == .valid ? Self.scanned : Self.rejected, members, id: id)
    }

    /// What the core receives about a guest who came in.
    func confirmation(of request: ScanRequest) -> [UInt8] {
        let members: [JSONValue.Member] = [
            .init(name: "ticketId", value: shownID ?? .null), .init(name: "scanId", value: .string(id)),
            .init(name: "status", value: .string("validated")),
            .init(name: "operatorId", value: request.operatorID.json),
            .init(name: "location", value: .string(request.location)),
            .init(name: "scannedAt", value: .string(WallClock.iso8601(at))),
        ]
        return Array(JSONValue.members(members).json.utf8)
    }

    /// - Parameter count: forged codes, where these are the sign.
    func suspicion(_ sign: ScanSuspicion, count: Int?, of request: ScanRequest) -> OutgoingEvent {
        var members = [
            JSONValue.Member(name: "sign", value: .string(sign.rawValue)),
            JSONValue.Member(name: "scanId", value: .string(id)),
            JSONValue.Member(name: "eventId", value: request.eventID.json),
        ]
        if let shownID { members.append(.init(name: "ticketId", value: shownID)) }
        switch sign {
        case .twoPlaces:
            let places = [scanCount?.previous, scanCount?.last].compactMap { $0 }.map { place in
                JSONValue.members([
                    .init(name: "location", value: .string(place.location)),
                    .init(name: "operatorId", value: request.operatorID.alike(place.operatorID).json),
                    .init(name: "scannedAt", value: .string(WallClock.iso8601(place.at))),
                ])
            }
            members.append(.init(name: "places", value: .array(places)))
        case .forgedBurst:
            members.append(.init(name: "operatorId", value: request.operatorID.json))
            members.append(.init(name: "location", value: .string(request.location)))
            members.append(.init(name: "count", value: .number("\(count ?? 0)")))
        }
        members.append(.init(name: "scannedAt", value: .string(WallClock.iso8601(at))))
        return outgoing(Self.suspected, members, id: "\(id)-suspected")
    }

    private func outgoing(_ name: String, _ members: [JSONValue.Member], id: String) -> OutgoingEvent {
        OutgoingEvent(name: name, body: Array(JSONValue.members(members).json.utf8), messageID: id)
    }
}
