import FlotillaIndexing

/// Random histories of profiles, as events in the order in which they happened.
struct ProfileHistories {
    /// For each profile, its events.
    let histories: [[HandlerHarness.Input]]

    init(profiles: Int, events: Int) {
        histories = (0..<profiles).map { profile in
            (0..<events).map { step in Self.input(profile, step, isLast: step == events - 1) }
        }
    }

    /// The events in an order in which each profile's come as they happened, together with those of others of one kind.
    var inOrder: [[HandlerHarness.Input]] {
        (0..<(histories.first?.count ?? 0)).flatMap { step in
            Dictionary(grouping: histories.map { $0[step] }, by: \.event).values.map { Array($0) }
        }
    }

    /// All events and a third of them again, in any order, in batches of one kind.
    var shuffled: [[HandlerHarness.Input]] {
        let all = histories.flatMap { $0 }
        let inputs = (all + all.shuffled().prefix(all.count / 3)).shuffled()
        return Dictionary(grouping: inputs, by: \.event).values.flatMap { inputs in
            stride(from: 0, to: inputs.count, by: 40).map { Array(inputs[$0..<min($0 + 40, inputs.count)]) }
        }.shuffled()
    }

    private static func input(_ profile: Int, _ step: Int, isLast: Bool) -> HandlerHarness.Input {
        let time = 1_760_000_000_000 + profile * 7 + step * 60_000
        // Some events don't say whose profile it is.
        let user = Bool.random() ? #","userId":"u\#(profile)""# : ""
        let head = #""profileId":"p\#(profile)","timestamp":\#(time)\#(user)"#
        let event: String
        var fields = ""
        switch Int.random(in: 0..<10) {
        case 0 where isLast:
            return HandlerHarness.Input(
                id: "m\(profile)-\(step)",
                event: UserDeleted.event,
                body: #"{"userId":"u\#(profile)","timestamp":\#(time)}"#
            )
        case 0, 1: event = ProfileRejected.event
        case 2, 3, 4:
            event = ProfileValidated.event
            fields =
                #","firstName":"Nom\#(step)","title":"Titre \#(step)","skills":["s\#(step)","swift"],"summary":"Nom\#(step) …""#
        default:
            event = ProfileUpdated.event
            if Bool.random() { fields += #","title":"Neuf \#(step)""# }
            if Bool.random() { fields += #","score":\#(step)"# }
            if Int.random(in: 0..<3) == 0 {
                fields += #","status":"\#(["VALIDATED", "DRAFT", "IN_REVIEW"].randomElement() ?? "")""#
            }
            if Bool.random() { fields += #","firstName":"Autre\#(step)","experience":\#(step)"# }
        }
        return HandlerHarness.Input(id: "m\(profile)-\(step)", event: event, body: "{\(head)\(fields)}")
    }
}
