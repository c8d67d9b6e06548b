/// A query as people write it on the web, taken apart: words and `"phrases"` that all have to be there, `or` between
/// alternatives, `-` before what must not be there.
struct WebQuery: Equatable {
    struct Term: Equatable {
        var text: String
        var isPhrase = false
        var isExcluded = false
    }

    /// Of the terms of one of them all have to hold.
    private(set) var alternatives: [[Term]] = []

    /// - Parameter text: folded.
    init(_ text: String) {
        var terms: [Term] = []
        var rest = text[...]
        while let first = rest.first {
            if first == " " {
                rest = rest.dropFirst()
                continue
            }
            var term = Term(text: "")
            if first == "-" {
                term.isExcluded = true
                rest = rest.dropFirst()
            }
            if rest.first == "\"" {
                rest = rest.dropFirst()
                term.isPhrase = true
                term.text = String(rest.prefix { $0 != "\"" })
                rest = rest.drop { $0 != "\"" }.dropFirst()
            } else {
                term.text = String(rest.prefix { $0 != " " && $0 != "\"" })
                rest = rest.dropFirst(term.text.count)
            }
            if term == Term(text: "or") {
                if !terms.isEmpty { alternatives.append(terms) }
                terms = []
            } else if term.text.utf8.contains(where: \.belongsToWord) {
                terms.append(term)
            }
        }
        if !terms.isEmpty { alternatives.append(terms) }
    }
}
