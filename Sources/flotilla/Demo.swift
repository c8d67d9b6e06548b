import FlotillaIndexing
import FlotillaModels
import FlotillaPlatform
import FlotillaQuota

/// The messages of one `flotilla demo`, and what they should bring about.
struct Demo: Sendable {
    struct Sample: Sendable {
        let message: OutgoingMessage
        var id: String { message.message.properties.messageID ?? "" }
    }

    /// What every id of this run begins with.
    let run: String
    let company: String
    /// In the order of publishing.
    let samples: [Sample]
    /// So many of them come before the others, which belong to the paid period that these begin.
    static let firstSamples = 2
    /// The sample that is published twice, and the one that no worker can read.
    let duplicateID: String
    let invalidID: String
    let ticketID: String
    let topology: Topology

    /// Profile views that are counted: those of the samples, and the duplicate once.
    static let views = 3
    /// Tokens that are bought.
    static let tokens = 25

    init(topology: Topology) {
        let run = "demo-\(UUIDv7.make())"
        let company = "\(run)-company"
        self.topology = topology
        self.run = run
        self.company = company
        duplicateID = "\(run)-view-1"
        invalidID = "\(run)-invalid"
        let ticketID = "\(run)-ticket"
        self.ticketID = ticketID
        let now = WallClock.iso8601()
        func event(_ key: String, _ name: String, _ body: String, _ exchange: String? = nil) -> Sample {
            var message = Message(body: Array(body.utf8))
            message.properties.contentType = "application/json"
            message.properties.messageID = "\(run)-\(name)"
            message.properties.correlationID = run
            message.properties.appID = "flotilla demo"
            return Sample(
                message: OutgoingMessage(
                    exchange: exchange ?? topology.events.name,
                    routingKey: key,
                    message: message
                )
            )
        }
        func view(_ number: Int) -> Sample {
            event(
                ProfileViewed.event,
                "view-\(number)",
                #"{"companyId":"\#(company)","profileId":"\#(run)-profile-\#(number)","viewerId":"\#(run)-recruiter","occurredAt":"\#(now)"}"#
            )
        }
        samples = [
            event(
                "user.created",
                "user",
                #"{"userId":"\#(run)-candidate","companyId":"\#(company)","name":"Demo Candidate","email":"candidate@example.com","language":"fr","timestamp":"\#(now)"}"#
            ),
            event(
                PaymentSucceeded.event,
                "payment",
                #"{"paymentId":"\#(run)-payment","companyId":"\#(company)","plan":"pro","status":"succeeded","paidAt":"\#(now)"}"#
            ),
            view(1), view(2), view(3),
            view(1),
            event(ProfileViewed.event, "invalid", #"{"profileId":"\#(run)-profile-0","occurredAt":"\#(now)"}"#),
            event(
                "document.accessed",
                "document",
                #"{"documentId":"\#(run)-document","userId":"\#(run)-recruiter","companyId":"\#(company)","timestamp":"\#(now)"}"#
            ),
            event(
                SearchPerformed.event,
                "search",
                #"{"companyId":"\#(company)","userId":"\#(run)-recruiter","query":"swift","results":3,"timestamp":"\#(now)"}"#
            ),
            event(
                TokenEvent.Kind.purchased.event,
                "tokens",
                #"{"purchaseId":"\#(run)-purchase","companyId":"\#(company)","tokens":\#(Self.tokens),"timestamp":"\#(now)"}"#
            ),
            event(
                ProfileValidated.event,
                "profile",
                #"{"profileId":"\#(run)-profile-1","candidateId":"\#(run)-candidate","firstName":"Camille","lastName":"Candidate","title":"Développeuse Swift","skills":["Swift","SQL","\#(run)"],"language":"fr","timestamp":"\#(now)"}"#
            ),
            event(
                "notification.email",
                "email",
                #"{"to":"demo@example.com","template":"ticket_generated","data":{"event_title":"Demo","guest_name":"Demo Guest","ticket_url":"https://example.com/tickets/1"},"options":{"priority":"high"}}"#,
                topology.commands.name
            ),
            event(
                "ticket.generation.requested",
                "tickets",
                #"{"job_id":"\#(run)-job","event_id":"\#(run)-event","tickets":[{"ticket_id":"\#(ticketID)","ticket_code":"\#(run)-TKT","guest_name":"Demo Guest","type":"standard","template_id":12}],"template_data":{"event_title":"Demo","event_date":"2026-06-15T09:00:00Z"}}"#
            ),
        ]
    }

    /// The templates by which the samples reach people by mail.
    static let mails = ["payment_succeeded", "profile_validated", "ticket_generated", "user_welcome"]

    /// The queues that the samples need.
    var handledQueues: [String] {
        [
            "audit.all", "subscription.\(ProfileViewed.event)", "subscription.\(PaymentSucceeded.event)",
            "subscription.\(SearchPerformed.event)", "subscription.\(TokenEvent.Kind.purchased.event)",
            "notification.email", "notification.deliver.email", "search.\(ProfileValidated.event)",
            "ticket.generation.requested",
        ]
    }

    /// Finds the sample profile by other words than its own: without the accent, and in the masculine.
    var query: ProfileQuery { ProfileQuery(text: "developpeur swift", skills: [run]) }
    var profileID: String { "\(run)-profile-1" }

    /// The ids that should have an audit row: each once.
    var auditedIDs: [String] {
        let ids = samples.filter { $0.message.exchange == topology.events.name }.map(\.id)
        return Array(Set(ids)).sorted()
    }
}
