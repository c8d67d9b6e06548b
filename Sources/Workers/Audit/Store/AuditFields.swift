import FlotillaModels
import FlotillaPersonalData

/// What an audit row says of an event besides its body: who did it, to whom or what, from which service, and when.
///
/// Events of different services name these differently, so the names are read by convention, in camel or snake case:
/// - the subject is `subject`, `subjectId`, or the id of the event's entity (`profileId` for `profile.viewed`), or else
///   the first other id in ``subjectNames``;
/// - the actor is `actor`, `actorId`, or the first of ``actorNames``, unless that is the subject already;
/// - the service is `service`, `sourceService` or `source`; the time is `occurredAt` or `timestamp`.
/// An envelope with its particulars in `data` is looked into when its top level names neither actor nor subject.
struct AuditFields: Equatable {
    var actor: String?
    var subject: String?
    var service: String?
    /// Microseconds since 1970.
    var occurredAt: Int64?

    /// Earlier names win.
    static let actorNames = [
        "actor", "actorId", "performedBy", "updatedBy", "createdBy", "adminId", "operatorId", "recruiterId", "viewerId",
        "userId",
    ]

    /// Earlier names win; the id of the event's entity wins over all but the first two.
    static let subjectNames = [
        "subject", "subjectId", "profileId", "candidateId", "customerId", "documentId", "ticketId", "userId",
        "menteeId",
        "mentorId", "interviewId", "companyId", "eventId", "jobId",
    ]

    /// - Parameters:
    ///   - body: checked JSON.
    ///   - event: `<entity>.<action>`.
    init(scanning body: [UInt8], event: String) {
        let entityID = FieldName(entityOf: event)
        scan(body, entityID)
    }

    private mutating func scan(_ body: [UInt8], _ entityID: FieldName, isNested: Bool = false) {
        var actors = Candidates()
        var subjects = Candidates()
        var data: JSONScanner.Member?
        var services = Candidates()
        var times = Candidates()
        // The body has been checked before; a body that fails all the same has no fields.
        try? JSONScanner.forEachMember(of: body) { member in
            guard let name = FieldName(body[member.key]) else { return }
            if name == entityID { subjects.offer(member, rank: 2) }
            guard let roles = FieldRoles.named[name] else { return }
            if let rank = roles.actor { actors.offer(member, rank: rank) }
            if let rank = roles.subject { subjects.offer(member, rank: rank) }
            if let rank = roles.service { services.offer(member, rank: rank) }
            if let rank = roles.time { times.offer(member, rank: rank) }
            if roles.isData, member.kind == .object { data = member }
        }
        subject = subjects.first?.identifier(in: body)
        actor = (actors.first?.key == subjects.first?.key ? actors.second : actors.first)?.identifier(in: body)
        service = service ?? services.first?.identifier(in: body)
        occurredAt = occurredAt ?? times.first?.time(in: body)
        if actor == nil, subject == nil, !isNested, let data { scan(Array(body[data.value]), entityID, isNested: true) }
    }
}

/// The best two of the members that could fill a field.
private struct Candidates {
    private(set) var first: JSONScanner.Member?
    private(set) var second: JSONScanner.Member?
    private var firstRank = Int.max
    private var secondRank = Int.max

    mutating func offer(_ member: JSONScanner.Member, rank: Int) {
        guard member.kind == .string || member.kind == .number else { return }
        if rank < firstRank {
            (second, secondRank) = (first, firstRank)
            (first, firstRank) = (member, rank)
        } else if rank < secondRank, member.key != first?.key {
            (second, secondRank) = (member, rank)
        }
    }
}

/// What a field can be to an audit row; lower ranks win.
private struct FieldRoles {
    var actor: Int?
    var subject: Int?
    var service: Int?
    var time: Int?
    var isData = false

    static let named: [FieldName: FieldRoles] = {
        var roles: [FieldName: FieldRoles] = [:]
        func assign(_ names: [String], _ role: WritableKeyPath<FieldRoles, Int?>) {
            for (rank, name) in names.enumerated() {
                // Subjects leave a rank free for the id of the event's entity.
                let rank = role == \.subject && rank >= 2 ? rank + 1 : rank
                if let name = FieldName(name.utf8) { roles[name, default: FieldRoles()][keyPath: role] = rank }
            }
        }
        assign(AuditFields.actorNames, \.actor)
        assign(AuditFields.subjectNames, \.subject)
        assign(["service", "sourceService", "source"], \.service)
        assign(["occurredAt", "timestamp"], \.time)
        if let data = FieldName("data".utf8) { roles[data, default: FieldRoles()].isData = true }
        return roles
    }()
}
