@testable import FlotillaIndexing
import Testing

struct SearchTextTests {
    @Test(arguments: [
        ("Élève à l'ŒUVRE, straße, Łódź", "eleve a l'oeuvre, strasse, lodz"), ("e\u{301}te\u{301}", "ete"),
        ("Nguyễn Văn", "nguyen van"), ("“L’idée” – « oui »", "\"l'idee\" - \" oui \""),
        ("Δοκιμή МОСКВА", "δοκιμή москва"), ("Oﬃcier ﬁnance, ﬂeuriste", "officier finance, fleuriste"),
        ("C++, C# et .NET, F#", "cplusplus, csharp et dotnet, fsharp"), ("abc++ www.net c#x", "abc++ www.net c#x"),
    ])
    func `accents, capitals and signs are folded`(text: String, folded: String) {
        #expect(SearchText.words(text) == folded)
    }

    @Test(arguments: [
        ("expérimentée", "expérimenté"), ("Expérimentées", "expérimenté"), ("chargées", "chargé"),
        ("développeuse", "développeur"),
        ("directrices", "directeurs"), ("vendeuse", "VENDEUR"), ("recruteuses", "recruteurs"),
    ])
    func `whoever looks for a trade finds its feminine`(feminine: String, masculine: String) {
        let masculine = SearchText.words(masculine)
        let words = [masculine, masculine.hasSuffix("s") ? String(masculine.dropLast()) : masculine]
        #expect(words.contains(SearchText.words(feminine)))
    }

    @Test(arguments: ["annee", "idee", "entree", "rigoureuse", "serieuse", "heureuse", "employee", "committee"])
    func `other words keep their endings`(word: String) {
        #expect(SearchText.words(word) == word)
    }

    @Test(arguments: [
        ("  Développement   Web ", "developpement web"), ("C++", "c++"), ("\tA\nB", "a b"), ("  ", ""),
        ("Chargée", "chargee"),
    ])
    func `a key is compared as a whole`(text: String, key: String) {
        #expect(SearchText.key(text) == key)
    }
}
