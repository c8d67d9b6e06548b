/// A language that tickets are labelled in.
package enum TicketLanguage: String, Sendable, CaseIterable {
    case english = "en"
    case french = "fr"

    var words: Words {
        switch self {
        case .english:
            Words(
                date: "DATE",
                place: "PLACE",
                guest: "GUEST",
                type: "TICKET",
                code: "CODE",
                terms: "CONDITIONS",
                entrance: "Show this code at the entrance",
                defaultTerms: """
                    This ticket lets one person in, once. Keep its code to yourself: whoever shows it first gets in. \
                    A copy, a photo or a printout is as good as the ticket itself.
                    """
            )
        case .french:
            Words(
                date: "DATE",
                place: "LIEU",
                guest: "INVITÉ",
                type: "BILLET",
                code: "CODE",
                terms: "CONDITIONS",
                entrance: "Présentez ce code à l’entrée",
                defaultTerms: """
                    Ce billet fait entrer une personne, une seule fois. Gardez son code pour vous : la première personne \
                    qui le présente entre. Une copie, une photo ou une impression vaut le billet lui-même.
                    """
            )
        }
    }

    struct Words: Sendable {
        let date: String
        let place: String
        let guest: String
        let type: String
        let code: String
        let terms: String
        let entrance: String
        let defaultTerms: String
    }
}
